"""The named recipes: modern ones for each data set, and those of the two tutorials and of the papers."""

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

MNIST = replace(DIGITS, data="mnist", validation=0.02, method=replace(DIGITS.method, batch=64), epochs=10)

FASHION_MNIST = replace(
    MNIST,
    data="fashion-mnist",
    augmentation=Augmentation(shift=1, flip=True),
    method=replace(MNIST.method, average=0.998),
    epochs=20,
)

TUTORIAL_GLUON = Recipe(
    data="fashion-mnist",
    network=replace(LENET5, input_size=28, activation="tanh"),
    initialisation="xavier",
    method=Method(weight_decay=0.001, batch=64),
    rate=0.03,
    epochs=100,
)
"""The Gluon tutorial: Fashion-MNIST unscaled (28x28, levels 0 to 1), tanh, Xavier, plain SGD, no validation split.

Its code reloads the parameters of an earlier run before its "100 epochs"; here every training starts from new weights.
It divides the gradient of an epoch's last batch by 64, although that batch is half full; here we divide by its size.
"""

TUTORIAL_PYTORCH_RELU = Recipe(
    data="mnist",
    preparation=Preparation(fit="resize", mean=0.1307, std=0.3081),
    method=Method(momentum=0.5, batch=32),
    rate=0.01,
    epochs=1,
)
"""The PyTorch tutorial: MNIST scaled (not padded) to 32x32, its usual mean and standard deviation, one epoch.

Two slips of its code are corrected. Its test loader reads the training set; here it reads the test set. Its
`train` ignores the argument `lr=0.0001` (of the logistic network) and always takes 0.01, so 0.01 is the rate.
"""

TUTORIAL_PYTORCH_SIGMOID = replace(TUTORIAL_PYTORCH_RELU, network=replace(LENET5, activation="logistic"))
"""The same recipe with the logistic function. It stays at chance through the epoch, as that tutorial shows."""

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
"""LeNet-5 as the paper of 1998 trained it (section III.B and appendix C): online, with a rate for each parameter.

Background is -0.1 and ink is 1.175. Where the paper is silent or, read literally, does not train, we made a choice: the
loss is eq. 9 with j = 10, sub-sampling takes the mean, its coefficients begin at 1, the initial bounds are
2.4 / sqrt(F), and mu is 0.4 instead of the paper's 0.02.
"""

LECUN1998_DISTORTED = replace(
    LECUN1998, augmentation=Augmentation(shift=2, zoom=0.36, squeeze=0.1, pivot=10, shear=0.15, copies=9)
)
"""The same recipe with 540,000 distorted copies beside the 60,000 pictures (section III.B).

Each is seen twice, in 1.2 million presentations. The paper names the kinds of distortions; we measured their ranges on
the hundred digits of its Fig. 7.
"""

LECUN1998_BEYOND = replace(
    LECUN1998,
    augmentation=Augmentation(shift=1.5, rotation=5.7, zoom=0.16, squeeze=0.1, shear=0.1, elastic=0.7),
    schedule="exponential",
    order="shuffled",
    epochs=40,
)
"""A recipe beyond the paper: its network, loss and online method, but a new distortion at every presentation."""

LECUN1998_LITERAL = replace(
    LECUN1998,
    network=replace(LENET5_1998, pooling="trainable-sum"),
    initialisation="lecun1998",
    method=replace(LECUN1998.method, loss="distance", damping=0.02),
)
"""The paper word for word: sums in sub-sampling, initial bounds of 2.4 / F, mu = 0.02, eq. 8. It hardly trains."""

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
"""The network of 1989 on as many digits as it had, but from MNIST, not zip codes: 16x16, background -1 and ink 1.

As in 1989, it learns online in a fixed order, in 23 passes, with a second derivative for each parameter. We chose the
rate on held-out pictures.
"""

RECIPES: dict[str, Recipe] = {
    "digits": DIGITS,
    "mnist": MNIST,
    "fashion-mnist": FASHION_MNIST,
    "tutorial-gluon": TUTORIAL_GLUON,
    "tutorial-pytorch-relu": TUTORIAL_PYTORCH_RELU,
    "tutorial-pytorch-sigmoid": TUTORIAL_PYTORCH_SIGMOID,
    "lecun1998": LECUN1998,
    "lecun1998-distorted": LECUN1998_DISTORTED,
    "lecun1998-beyond": LECUN1998_BEYOND,
    "lecun1998-literal": LECUN1998_LITERAL,
    "lecun1989": LECUN1989,
}
