"""The named recipes: a modern one for each data set, those of two tutorials, and those of the papers (1989, 1998)."""

from __future__ import annotations

from dataclasses import replace

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.method import Method
from lenet.models.lenet5 import LENET5
from lenet.models.lenet5_1998 import LENET5_1998
from lenet.models.lenet1989 import LENET1989
from lenet.training.recipe import Recipe

DIGITS = Recipe(
    data="digits",
    validation=0.1,
    augmentation=Augmentation(shift=1.5, rotation=10, zoom=0.1, shear=0.1),
    initialisation="he",
    method=Method(optimiser="adamw", momentum=0.9, weight_decay=0.01, batch=32),
    rate=3e-3,
    schedule="cosine",
    warmup=0.1,
    epochs=30,
)

MNIST = replace(
    DIGITS,
    data="mnist",
    validation=0.02,
    augmentation=Augmentation(shift=1.5, rotation=10, zoom=0.12, squeeze=0.1, shear=0.15, elastic=0.6),
    method=Method(optimiser="adamw", momentum=0.9, weight_decay=0.1, average=0.999, batch=128),
    epochs=80,
)

MNIST_FAST = replace(
    DIGITS,
    data="mnist",
    validation=0.0,
    augmentation=Augmentation(shift=1),
    method=Method(optimiser="adamw", momentum=0.9, weight_decay=0.01, label_smoothing=0.05),
    rate=1e-2,
    schedule="linear",
    warmup=0.2,
    epochs=2,
)
"""MNIST in about three seconds: chosen on 10,000 held-out pictures."""

HANDWRITING = replace(MNIST, data="handwriting", epochs=40)
"""Anybody's digits, drawn, scanned or photographed: see `lenet.data.handwriting`."""

FASHION_MNIST = replace(
    MNIST,
    data="fashion-mnist",
    network=replace(LENET5, maps=(16, 36), hidden=(48,)),
    augmentation=Augmentation(shift=1, flip=True),
    method=replace(MNIST.method, weight_decay=0.05),
    epochs=60,
)
"""Clothing, by a network with more maps and fewer units above them: 58,590 parameters."""

FASHION_MNIST_FAST = replace(
    MNIST_FAST, data="fashion-mnist", augmentation=Augmentation(shift=1, flip=True), rate=5e-3, epochs=8
)

TUTORIAL_GLUON = Recipe(
    data="fashion-mnist",
    network=replace(LENET5, input_size=28, activation="tanh"),
    initialisation="xavier",
    method=Method(weight_decay=0.001, batch=64),
    rate=0.03,
    epochs=100,
)
"""The Gluon tutorial: Fashion-MNIST at 28x28 with levels from 0 to 1, tanh, Xavier, SGD with weight decay.

The tutorial's code loads the parameters of an earlier run before its "100 epochs"; here every training starts from new
weights. The tutorial divides the summed gradient of an epoch's last batch by 64, although that batch has only 32
pictures; here the divisor is 32. There is no validation split.
"""

TUTORIAL_PYTORCH_RELU = Recipe(
    data="mnist",
    preparation=Preparation(fit="resize", mean=0.1307, std=0.3081),
    method=Method(momentum=0.5, batch=32),
    rate=0.01,
    epochs=1,
)
"""The PyTorch tutorial with ReLU: MNIST scaled (not padded) to 32x32 and standardised as usual, one epoch.

The tutorial's code has two mistakes. Its test loader reads the training set; here the test set is used. Its function
`train` ignores the argument `lr=0.0001`, meant for the logistic network, and always takes 0.01, as this recipe does.
"""

TUTORIAL_PYTORCH_SIGMOID = replace(TUTORIAL_PYTORCH_RELU, network=replace(LENET5, activation="logistic"))
"""`TUTORIAL_PYTORCH_RELU` with the logistic function. The accuracy stays at chance, as the tutorial shows."""

LECUN1998 = Recipe(
    data="mnist",
    network=LENET5_1998,
    initialisation="lecun1998-ones",
    preparation=Preparation(mean=0.1 / 1.275, std=1 / 1.275),
    method=Method(loss="map", rubbish=10.0, optimiser="sdlm", damping=0.4, batch=1),
    rate=5e-4,
    schedule="lecun1998",
    order="constant",
    epochs=20,
)
"""LeNet-5 trained as in the 1998 paper (section III.B and appendix C): online, with a rate for each parameter.

Background is -0.1 and ink is 1.175. The choices are ours where the paper is silent, and where it does not work well if
taken literally: the loss is eq. 9 with j = 10, sub-sampling takes the mean, its coefficients begin at 1, the initial
weights lie within ±2.4 / sqrt(fan-in), and mu is 0.4 instead of the paper's 0.02.
"""

LECUN1998_DISTORTED = replace(
    LECUN1998, augmentation=Augmentation(shift=2, zoom=0.36, squeeze=0.1, pivot=10, shear=0.15, copies=9)
)
"""`LECUN1998` with 540,000 distorted copies in addition to the 60,000 pictures (1998, section III.B).

Every picture and every copy is presented twice, which makes 1.2 million presentations. The paper names the kinds of
distortions; we measured their ranges on the hundred digits of its Fig. 7.
"""

LECUN1998_BEYOND = replace(
    LECUN1998,
    augmentation=Augmentation(shift=1.5, rotation=5.7, zoom=0.16, squeeze=0.1, shear=0.1, elastic=0.7),
    schedule="exponential",
    order="shuffled",
    epochs=40,
)
"""`LECUN1998`, but beyond the paper: each picture is distorted anew, elastically too, whenever it is presented.

The order is shuffled anew for every epoch, and the rate falls exponentially over 40 epochs.
"""

LECUN1998_LITERAL = replace(
    LECUN1998,
    network=replace(LENET5_1998, pooling="trainable-sum"),
    initialisation="lecun1998",
    method=replace(LECUN1998.method, loss="distance", damping=0.02),
)
"""The 1998 paper taken literally: sums in sub-sampling, weights within ±2.4 / fan-in, mu = 0.02, the loss of eq. 8.

The network hardly learns.
"""

LECUN1989 = Recipe(
    data="mnist",
    pictures=7291,
    network=LENET1989,
    initialisation="lecun1998",
    preparation=Preparation(fit="resize", mean=0.5, std=0.5),
    method=Method(loss="squared-error", optimiser="sdlm", batch=1),
    rate=0.001,
    order="constant",
    epochs=23,
)
"""The network of 1989 on 7,291 digits as in 1989, but from MNIST instead of zip codes: 16x16, background -1, ink 1.

It learns as in 1989: online, in a fixed order, in 23 passes, with a rate for each parameter that depends on a second
derivative. We chose the global rate on held-out pictures.
"""

MORE = {"epochs": 2, "rate": 3e-4}
"""The settings by which a training that starts from a trained network differs from the recipe of that network."""

RECIPES: dict[str, Recipe] = {
    "digits": DIGITS,
    "mnist": MNIST,
    "mnist-fast": MNIST_FAST,
    "handwriting": HANDWRITING,
    "fashion-mnist": FASHION_MNIST,
    "fashion-mnist-fast": FASHION_MNIST_FAST,
    "tutorial-gluon": TUTORIAL_GLUON,
    "tutorial-pytorch-relu": TUTORIAL_PYTORCH_RELU,
    "tutorial-pytorch-sigmoid": TUTORIAL_PYTORCH_SIGMOID,
    "lecun1998": LECUN1998,
    "lecun1998-distorted": LECUN1998_DISTORTED,
    "lecun1998-beyond": LECUN1998_BEYOND,
    "lecun1998-literal": LECUN1998_LITERAL,
    "lecun1989": LECUN1989,
}
