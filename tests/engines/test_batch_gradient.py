"""The gradient pipeline agrees with torch in float64, for whole networks drawn at random.

pytest tests/engines/test_batch_gradient.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.data.warp import warp
from lenet.engines.halide.batch.gradient import Share, chunk_images, gradient_pipeline
from lenet.engines.halide.batch.update import padded_length
from lenet.engines.halide.compiled import Buffer, compiled
from lenet.engines.halide.form import Form
from lenet.engines.halide.pixels import as_words
from lenet.engines.losses import make_loss
from lenet.engines.method import Loss, Method
from lenet.models.architecture import Architecture
from lenet.models.initialise import initialise
from lenet.models.modules import ConvolutionModule
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.models.tables import TABLES
from lenet.models.zoo import MODELS
from tests.engines.kernel_cases import BACK, FORWARD, Array, activations, few, relative, seeds

losses: st.SearchStrategy[Loss] = st.sampled_from(["cross-entropy", "map", "squared-error", "distance"])

NONE, AFFINE = Augmentation(), Augmentation(shift=2, rotation=20, zoom=0.2, shear=0.2)
ELASTIC = replace(AFFINE, elastic=0.5)


@dataclass(frozen=True)
class Problem:
    """A network with random weights, and a batch to learn from.

    The weights are so small that no unit is saturated. Otherwise few digits of its slope, 1 - y * y, would be left,
    with torch too. Only the weights that a table leaves out are large.
    """

    architecture: Architecture
    channels: int
    classes: int
    batch: int
    method: Method
    augmentation: Augmentation
    seed: int

    def network(self) -> Network:
        classes = tuple(str(number) for number in range(self.classes))
        preparation = Preparation(mean=0.1307, std=0.5)
        made = Network(Spec(self.architecture, classes, self.channels, preparation=preparation))
        initialise(made, "fan-in", self.seed)
        for layer in made.layers.values():
            if isinstance(layer, ConvolutionModule) and layer.connected is not None:
                layer.weight.data.masked_fill_(~layer.connected, 3)
        return made

    def pictures(self) -> NDArray[np.uint8]:
        size = self.architecture.input_size
        return np.random.default_rng(self.seed).integers(0, 256, (80, self.channels, size, size), dtype=np.uint8)

    def labels(self) -> NDArray[np.int64]:
        return np.random.default_rng(self.seed + 1).integers(0, self.classes, 80)

    def index(self) -> NDArray[np.int64]:
        return np.random.default_rng(self.seed + 2).permutation(80)[: self.batch]

    def distortions(self) -> NDArray[np.float32]:
        return self.augmentation.draw(self.batch, self.architecture.input_size, np.random.default_rng(self.seed + 3))

    def gradients(self) -> Array:
        """Return the gradients of the compiled pipeline, added up over the groups, then the losses and the misses."""
        images, index, network = chunk_images(self.batch), self.index(), self.network()
        numbers = self.augmentation.numbers
        form = Form.of(network.spec)
        pipeline = compiled(gradient_pipeline, form, images, self.method, numbers)
        share = Share.of(self.batch, images)
        parameters = parameters_to_vector(network.parameters()).detach().numpy()
        inputs = [parameters, as_words(self.pictures()), self.labels().astype(np.int32), index.astype(np.int32)]
        distortions = [Buffer(self.distortions())] if self.augmentation else []
        result = torch.full((share.groups, padded_length(form.stored)), torch.nan).numpy()
        pipeline(*map(Buffer, inputs), 0, self.batch, share.chunks, *distortions, Buffer(result))
        assert np.all(result[:, form.stored + 2 :] == 0)
        total: Array = result.sum(0)[: form.stored + 2]
        return total

    def inputs(self) -> Tensor:
        levels = torch.from_numpy(self.pictures()[self.index()]).double()
        if self.augmentation:
            levels = warp(levels, torch.from_numpy(self.distortions()).double())
        return self.network().spec.preparation.scale(levels)

    def torch(self, noise: float = 0.0) -> tuple[list[Tensor], float, int]:
        """Return gradients, loss and misses in float64; `noise` is the relative deviation of the weights."""
        network, labels = self.network().double(), torch.from_numpy(self.labels()[self.index()])
        random = np.random.default_rng(self.seed + 4)
        for parameter in network.parameters():
            parameter.data *= torch.from_numpy(1 + noise * random.normal(size=parameter.shape))
        answers = network(self.inputs())
        loss = make_loss(self.method)(answers, labels)
        misses = int((answers.argmax(1) != labels).sum())
        return list(torch.autograd.grad(loss, list(network.parameters()))), loss.item(), misses

    def steady(self) -> bool:
        """Return whether no unit lies so near to a corner of relu or of the maximum that rounding could cross it."""
        gradients = self.torch()[0]
        noisy = [self.torch(sign * size)[0] for size in (3e-7, 3e-6) for sign in (-1, 1)]
        return all(
            relative(found, expected) <= BACK / 2
            for some in noisy
            for found, expected in zip(some, gradients, strict=True)
        )


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Draw an architecture of one or two stages. The input may be too large by a few pixels, to leave columns out.

    Any architecture without sub-sampling fits there, since its kernels are at most as large as its maps in a frame.
    """
    stages = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 6)), min_size=1, max_size=2))
    maps, kernels = zip(*stages, strict=True)
    table = draw(st.sampled_from(["full", "lenet5-1998", "lenet1", "lenet1989"])) if len(stages) == 2 else "full"
    if connections := TABLES[table]:
        maps = len(connections[0]), len(connections)
    output: Literal["linear", "squashed", "rbf"] = draw(st.sampled_from(["linear", "squashed", "rbf"]))
    least = 1
    for side in reversed(kernels):
        least = 2 * least + side - 1
    hidden = draw(st.lists(st.integers(1, 20), max_size=2))
    return Architecture(
        input_size=least + draw(st.integers(0, 5)),
        maps=maps,
        kernels=kernels,
        table=table,
        pooling=draw(st.sampled_from(["max", "mean", "trainable-mean", "trainable-sum", "none"])),
        biases=draw(st.sampled_from(["shared", "unshared"])),
        activation=draw(activations),
        hidden=(*hidden[:1], 84) if output == "rbf" else tuple(hidden),
        output=output,
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem with a loss of at least 0, which has digits: logits that are no distances may have any sign."""
    architecture = draw(architectures())
    codes = architecture.output == "rbf"
    return Problem(
        architecture,
        channels=draw(st.integers(1, 3)),
        classes=10 if codes else draw(st.integers(2, 12)),
        batch=draw(st.integers(1, 70)),
        method=Method(
            loss=draw(losses if codes else losses.filter("distance".__ne__)),
            label_smoothing=draw(st.sampled_from([0.0, 0.1])),
            rubbish=draw(st.sampled_from([1.0, 80.0])),
        ),
        augmentation=draw(st.sampled_from([NONE, AFFINE, ELASTIC])),
        seed=draw(seeds),
    )


TWO_STAGES = Architecture(input_size=16, maps=(5, 9), kernels=(3, 4), hidden=(20, 7))
ONE_LOGISTIC = Architecture(input_size=9, maps=(3,), kernels=(4,), activation="logistic", hidden=())
OF_1998 = Architecture(
    input_size=15, kernels=(3, 2), table="lenet5-1998", pooling="trainable-mean", activation="scaled-tanh",
    hidden=(9, 84), output="rbf",
)  # fmt: skip
SUMS = replace(OF_1998, maps=(4, 12), table="lenet1", pooling="trainable-sum", hidden=(), output="squashed")
CODES_OF_MAPS = replace(OF_1998, maps=(2, 21), table="full", pooling="max", hidden=())

OF_1989 = MODELS["lenet1989"]

CROSS_ENTROPY, SMOOTHED = Method(), Method(label_smoothing=0.1)
MAP, DISTANCE = Method(loss="map", rubbish=80.0), Method(loss="distance")
SQUARED_ERROR = Method(loss="squared-error")


@settings(few, phases=[Phase.explicit, Phase.generate])
@example(Problem(TWO_STAGES, channels=1, classes=10, batch=65, method=SMOOTHED, augmentation=AFFINE, seed=1))
@example(Problem(TWO_STAGES, channels=3, classes=10, batch=16, method=CROSS_ENTROPY, augmentation=NONE, seed=2))
@example(Problem(ONE_LOGISTIC, channels=2, classes=2, batch=1, method=CROSS_ENTROPY, augmentation=ELASTIC, seed=3))
@example(Problem(OF_1998, channels=1, classes=10, batch=65, method=MAP, augmentation=NONE, seed=4))
@example(Problem(SUMS, channels=1, classes=5, batch=16, method=SQUARED_ERROR, augmentation=NONE, seed=5))
@example(Problem(OF_1989, channels=2, classes=10, batch=33, method=SQUARED_ERROR, augmentation=AFFINE, seed=7))
@example(Problem(CODES_OF_MAPS, channels=1, classes=10, batch=16, method=DISTANCE, augmentation=NONE, seed=6))
@given(problem=problems())
def test_the_gradients_of_any_network_are_torchs(problem: Problem) -> None:
    """The gradient of a weight that a table leaves out is 0."""
    assume(problem.steady())
    gradients, loss, misses = problem.torch()
    found = problem.gradients()
    assert found[-2] / problem.batch == pytest.approx(loss, rel=FORWARD)
    assert found[-1] == misses
    ends = np.cumsum([gradient.numel() for gradient in gradients])
    for part, gradient in zip(np.split(found[:-2], ends[:-1]), gradients, strict=True):
        assert relative(part, gradient.flatten()) <= BACK
        if problem.architecture.table != "full":
            assert not part[gradient.flatten() == 0].any()
