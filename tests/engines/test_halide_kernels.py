"""Every kernel of the halide engine, alone and as pipelines of whole networks, against torch in float64.

Run: pytest tests/engines/test_halide_kernels.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import halide as hl
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.data.augment import Augmentation, warp
from lenet.data.prepare import Preparation
from lenet.engines.halide import kernels
from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.form import Form
from lenet.engines.halide.pictures import Pictures
from lenet.engines.halide.pixels import as_words
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.processor import TARGET, tile
from lenet.engines.halide.step import MOST_GROUPS, GradientPipeline, Share, chunk_images
from lenet.engines.halide.units import Kernels, Units, chunk, m, n, x, y
from lenet.engines.halide.update import filled
from lenet.engines.losses import make_loss
from lenet.engines.method import Loss, Method
from lenet.models import Architecture, Network
from lenet.models.activations import ACTIVATIONS as TORCH_ACTIVATIONS
from lenet.models.initialise import initialise
from lenet.models.layers import Convolution, Shape
from lenet.models.tables import TABLES

FORWARD, BACK = 1e-5, 1e-4  # largest difference over largest value, of what is computed forward and of gradients

Array = NDArray[np.float32]

few = settings(max_examples=6, derandomize=True, phases=[Phase.generate])  # to shrink takes minutes
chunks_of = st.sampled_from([chunk_images(1), chunk_images(64)])
seeds = st.integers(0, 1000)
activations = st.sampled_from([name for name in ACTIVATIONS if name])
losses: st.SearchStrategy[Loss] = st.sampled_from(["cross-entropy", "map", "squared-error", "distance"])


def relative(found: Array | Tensor, expected: Tensor) -> float:
    """The largest difference, of the largest value expected; both of one shape."""
    assert found.shape == expected.shape
    return float((torch.as_tensor(found) - expected).abs().max() / expected.abs().max().clamp_min(1e-30))


def param(values: Array) -> hl.ImageParam:
    """An input of a kernel; the last axis of `values` is Halide's first."""
    made = hl.ImageParam(hl.Float(32), values.ndim)
    made.set(hl.Buffer(values).copy())  # which has memory of its own
    return made


def func(values: Array) -> hl.Func:
    """Units or gradients `(maps, height, width, images)` as a function that reads them, in every chunk the same."""
    given_values, made = param(values), hl.Func()
    made[n, x, y, m, chunk] = given_values[n, x, y, m]
    return made


def run(kernel: hl.Func, *extents: int) -> Array:
    """The numbers of chunk 0, for the extents innermost first; axes are turned round, as in torch."""
    first: Array = np.array(kernel.realize([*extents, 1], TARGET))[0]
    return first


def images_last(values: Tensor) -> Tensor:
    return values.movedim(0, -1)


@dataclass(frozen=True)
class Case:
    """A convolution: units below, its weights, and a gradient by its sums; all normal with deviation 1.

    `whole` numbers of them make sums without rounding, many of which are equal.
    """

    images: int
    maps: int
    below: int
    side: int
    height: int
    width: int
    seed: int
    whole: bool = False

    @property
    def sums(self) -> Shape:
        return self.maps, self.height, self.width

    @property
    def shape_below(self) -> Shape:
        return self.below, self.height + self.side - 1, self.width + self.side - 1

    def draw(self, *shape: int, stream: int) -> Array:
        drawn = np.random.default_rng((self.seed, stream)).normal(size=shape).astype(np.float32)
        return drawn.round() if self.whole else drawn

    @property
    def units(self) -> Array:
        return self.draw(*self.shape_below, self.images, stream=0)

    @property
    def gradient(self) -> Array:
        return self.draw(*self.sums, self.images, stream=1)

    @property
    def parameters(self) -> Array:
        """Seven numbers that are another layer's come first."""
        return self.draw(7 + self.maps * (self.below * self.side**2 + 1), stream=2)

    def kernels(self) -> Kernels:
        return Kernels(param(self.parameters), 7, self.maps, self.below, self.side)

    def below_units(self) -> Units:
        """Their slope is their square, which no other kernel has."""
        return Units(func(self.units), self.shape_below, lambda value: value * value)

    def torch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Units, weights, biases and the sums of them, in float64, to be differentiated."""
        units = torch.from_numpy(self.units).double().movedim(-1, 0).requires_grad_()
        parameters = torch.from_numpy(self.parameters[7:]).double()
        weights = parameters[: -self.maps].view(self.maps, self.below, self.side, self.side).requires_grad_()
        biases = parameters[-self.maps :].requires_grad_()
        return units, weights, biases, F.conv2d(units, weights, biases)

    def gradients(self) -> list[Tensor]:
        """By units, weights and biases."""
        *inputs, sums = self.torch()
        return list(torch.autograd.grad(sums, inputs, torch.from_numpy(self.gradient).double().movedim(-1, 0)))


cases = st.builds(
    Case,
    images=chunks_of,
    maps=st.integers(1, 9),
    below=st.integers(1, 4),
    side=st.sampled_from([1, 2, 3, 4, 5, 6, 9]),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    seed=seeds,
)
matrices = st.builds(
    Case,
    images=chunks_of,
    maps=st.integers(1, 40),
    below=st.integers(1, 100),
    side=st.just(1),
    height=st.just(1),
    width=st.just(1),
    seed=seeds,
)


@few
@given(case=cases | matrices, activation=activations)
def test_sums_are_squashed(case: Case, activation: str) -> None:
    sums = kernels.weighted_sums("c", case.below_units(), case.kernels())
    size = case.height, case.width
    units = kernels.squash("c", sums, ACTIVATIONS[activation].squash, size, case.images)
    found = run(units, case.images, case.width, case.height, case.maps)
    assert relative(found, images_last(TORCH_ACTIVATIONS[activation](case.torch()[-1].detach()))) <= FORWARD


@few
@given(case=cases, activation=activations, odd=st.booleans())
def test_the_largest_of_four_sums_is_squashed_and_its_place_kept(case: Case, activation: str, odd: bool) -> None:
    """The first of equal ones, as torch's; also where a row and a column of sums are left over."""
    height, width = case.height, case.width
    case = replace(case, height=2 * height + odd, width=2 * width + odd, whole=True)
    sums = kernels.weighted_sums("c", case.below_units(), case.kernels())
    squash = ACTIVATIONS[activation].squash
    units = kernels.squash_largest("c", sums, squash, (height, width), case.images, which=True)
    found, which = (np.array(part)[0] for part in units.realize([case.images, width, height, case.maps, 1], TARGET))
    largest, places = F.max_pool2d(case.torch()[-1].detach(), 2, return_indices=True)
    assert relative(found, images_last(TORCH_ACTIVATIONS[activation](largest))) <= FORWARD
    row, column = places // case.width, places % case.width
    assert np.array_equal(which, images_last(row % 2 * 2 + column % 2).numpy())


@few
@given(case=cases | matrices)
def test_gradients_go_back_through_the_weights_and_the_slope(case: Case) -> None:
    below = case.below_units()
    back = kernels.input_gradient("c", func(case.gradient), case.sums, case.kernels(), below, case.images)
    maps, height, width = case.shape_below
    expected = case.gradients()[0] * case.torch()[0].detach() ** 2
    assert relative(run(back, case.images, width, height, maps), images_last(expected)) <= BACK


@few
@given(case=cases, stored=st.booleans())
def test_kernel_gradients_are_summed_over_places_and_images(case: Case, stored: bool) -> None:
    gradient, below = func(case.gradient), case.below_units()
    weights = kernels.kernel_gradient("c", gradient, case.sums, below, case.kernels(), case.images, stored=stored)
    found = run(weights, case.side, case.side, case.below, case.maps)
    assert relative(found, case.gradients()[1]) <= BACK


@few
@given(case=cases)
def test_bias_gradients_are_summed_over_places_and_images(case: Case) -> None:
    biases = kernels.bias_gradient("c", func(case.gradient), case.sums, case.images)
    assert relative(run(biases, case.maps), case.gradients()[2]) <= BACK


@few
@given(case=matrices)
def test_a_matrix_gradient_is_the_product_of_two_matrices(case: Case) -> None:
    gradient, below = func(case.gradient), case.below_units()
    weights, turned = kernels.matrix_gradient("f", gradient, case.sums, below, case.images)
    turned.compute_root()
    assert relative(run(weights, case.below, case.maps), case.gradients()[1].flatten(1)) <= BACK


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name])
def test_activations_and_their_slopes_are_torchs(name: str) -> None:
    """Every value has its digits, also the small ones near 0; a slope those of the largest one."""
    tiny = np.geomspace(1e-12, 0.5, 500)
    sums = np.concatenate([np.linspace(-20, 20, 4001), tiny, -tiny, [0.25, -0.25, 0]]).astype(np.float32)
    given_sums, units, slopes, place = param(sums), hl.Func("units"), hl.Func("slopes"), hl.Var("place")
    units[place] = ACTIVATIONS[name].squash(given_sums[place])
    slopes[place] = ACTIVATIONS[name].slope(units[place])
    values = torch.from_numpy(sums).double().requires_grad_()
    expected = TORCH_ACTIVATIONS[name](values)
    found = torch.from_numpy(np.array(units.realize([len(sums)], TARGET))).double()
    torch.testing.assert_close(found, expected.detach(), rtol=2e-6, atol=1e-30)
    slope = torch.autograd.grad(expected.sum(), values)[0]
    assert relative(np.array(slopes.realize([len(sums)], TARGET)), slope) <= 1e-6


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name])
def test_activations_of_enormous_sums_are_numbers(name: str) -> None:
    sums = np.array([-3e38, -1e4, -100, -88.5, 88.5, 100, 1e4, 3e38] * 2, np.float32)
    given_sums, units, place = param(sums), hl.Func("units"), hl.Var("place")
    units[place] = ACTIVATIONS[name].squash(given_sums[place])
    units.vectorize(place, 8)
    found = torch.from_numpy(np.array(units.realize([len(sums)], TARGET)))
    torch.testing.assert_close(found, TORCH_ACTIVATIONS[name](torch.from_numpy(sums)), rtol=2e-6, atol=1e-37)


@few
@given(
    channels=st.integers(1, 3),
    size=st.integers(3, 11),
    images=chunks_of,
    mean=st.sampled_from([0.0, 0.1307, -0.5]),
    std=st.sampled_from([1.0, 0.3081]),
    elastic=st.sampled_from([None, 0.0, 1.0]),
    lacking=st.integers(0, 9),
    seed=seeds,
)
def test_pictures_are_gathered_distorted_and_scaled(
    channels: int, size: int, images: int, mean: float, std: float, elastic: float | None, lacking: int, seed: int
) -> None:
    """Two chunks, with pictures that come again; the last image stands in for those that a batch lacks.

    They are not distorted where `elastic` is None.
    """
    random = np.random.default_rng(seed)
    stored = random.integers(0, 256, (9, channels, size, size), dtype=np.uint8)
    index = random.integers(0, 9, 1 + 2 * images - lacking).astype(np.int32)
    augmentation = Augmentation()
    if elastic is not None:
        augmentation = Augmentation(shift=3, rotation=180, zoom=0.5, shear=0.5, flip=True, elastic=elastic)
    distortions = augmentation.draw(len(index), size, random)
    plan = Plan(hl.ImageParam(hl.Float(32), 1), images, learning=False)
    preparation = Preparation(mean=mean, std=std)
    pictures = Pictures((channels, size, size), plan)
    units = pictures.units(preparation, distortion=augmentation.numbers).func
    for func in plan.computed:
        func.compute_root()
    words = as_words(stored)
    pictures.pixels.words.set(hl.Buffer(words))
    pictures.index.set(hl.Buffer(index))
    pictures.first.set(1)
    if augmentation:
        pictures.distortions.set(hl.Buffer(distortions))
    found = np.array(units.realize([images, size, size, channels, 2], TARGET))
    images_of = np.minimum(1 + np.arange(2 * images), len(index) - 1)
    levels = torch.from_numpy(stored[index][images_of]).double()
    if augmentation:
        levels = warp(levels, torch.from_numpy(distortions[images_of]).double())
    expected = (levels / 255 - mean) / std
    assert relative(np.concatenate(list(found), axis=-1), images_last(expected)) <= FORWARD


@given(extent=st.integers(1, 300), most=st.integers(0, 32))
def test_tiles_are_no_larger_than_asked_and_of_nearly_equal_size(extent: int, most: int) -> None:
    size = tile(extent, most)
    assert 1 <= size <= max(1, min(most, extent))
    most_tiles = 2 * -(-extent // max(1, min(most, extent)))
    assert -(-extent // size) <= most_tiles


@given(batch=st.integers(1, 65536), images=st.sampled_from([16, 32]), smaller=st.floats(0, 1))
def test_every_picture_of_a_batch_is_dealt_to_a_group(batch: int, images: int, smaller: float) -> None:
    """And what is room enough for a batch is enough for a smaller one."""
    share, ragged = Share.of(batch, images), Share.of(max(1, int(smaller * batch)), images)
    assert 1 <= share.groups <= MOST_GROUPS
    assert 0 <= share.groups * share.chunks * images - batch < (share.chunks + 1) * images
    assert ragged.groups * ragged.chunks <= share.groups * share.chunks


NONE, AFFINE = Augmentation(), Augmentation(shift=2, rotation=20, zoom=0.2, shear=0.2)
ELASTIC = replace(AFFINE, elastic=0.5)


@dataclass(frozen=True)
class Problem:
    """A network with random weights, and the batch that it is to learn from.

    They are small enough that no unit is saturated: of its slope, 1 - y * y, few digits would be left, with torch too.
    Only those that a table leaves out are large.
    """

    architecture: Architecture
    channels: int
    classes: int
    batch: int
    method: Method
    augmentation: Augmentation
    seed: int

    def network(self) -> Network:
        made = Network(
            self.architecture,
            classes=[str(number) for number in range(self.classes)],
            channels=self.channels,
            preparation=Preparation(mean=0.1307, std=0.5),
        )
        initialise(made, "fan-in", self.seed)
        for layer in made.layers.values():
            if isinstance(layer, Convolution) and layer.connected is not None:
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
        """By the compiled pipeline, the groups added up; after them the losses and the misses."""
        images, index, network = chunk_images(self.batch), self.index(), self.network()
        numbers = self.augmentation.numbers
        pipeline = GradientPipeline(Form.of(network), images, replace(self.method, distortion=numbers))
        share = Share.of(self.batch, images)
        parameters = parameters_to_vector(network.parameters()).detach().numpy()
        inputs = [parameters, as_words(self.pictures()), self.labels().astype(np.int32), index.astype(np.int32)]
        distortions = [hl.Buffer(self.distortions())] if self.augmentation else []
        result = torch.full((share.groups, filled(pipeline.parameters)), torch.nan).numpy()
        pipeline.call(*map(hl.Buffer, inputs), 0, self.batch, share.chunks, *distortions, hl.Buffer(result))
        assert np.all(result[:, pipeline.parameters + 2 :] == 0)
        total: Array = result.sum(0)[: pipeline.parameters + 2]
        return total

    def inputs(self) -> Tensor:
        levels = torch.from_numpy(self.pictures()[self.index()]).double()
        if self.augmentation:
            levels = warp(levels, torch.from_numpy(self.distortions()).double())
        return self.network().preparation.scale(levels)

    def torch(self, noise: float = 0.0) -> tuple[list[Tensor], float, int]:
        """Gradients, loss and misses, in float64; `noise` is the relative deviation of weights from the problem's."""
        network, labels = self.network().double(), torch.from_numpy(self.labels()[self.index()])
        random = np.random.default_rng(self.seed + 4)
        for parameter in network.parameters():
            parameter.data *= torch.from_numpy(1 + noise * random.normal(size=parameter.shape))
        answers = network(self.inputs())
        loss = make_loss(self.method)(answers, labels)
        misses = int((answers.argmax(1) != labels).sum())
        return list(torch.autograd.grad(loss, list(network.parameters()))), loss.item(), misses

    def steady(self) -> bool:
        """Whether no unit is so near to a corner of relu or of the maximum that rounding decides on which side."""
        gradients = self.torch()[0]
        noisy = [self.torch(sign * size)[0] for size in (3e-7, 3e-6) for sign in (-1, 1)]
        return all(
            relative(found, expected) <= BACK / 2
            for some in noisy
            for found, expected in zip(some, gradients, strict=True)
        )


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Of one or two stages; the input is a little larger than it must be, so that its last column may be left out."""
    stages = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 6)), min_size=1, max_size=2))
    maps, kernels = zip(*stages, strict=True)
    table = draw(st.sampled_from(["full", "lenet5-1998", "lenet1"])) if len(stages) == 2 else "full"
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
        pooling=draw(st.sampled_from(["max", "mean", "trainable-mean", "trainable-sum"])),
        activation=draw(activations),
        hidden=(*hidden[:1], 84) if output == "rbf" else tuple(hidden),
        output=output,
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """With a loss that is at least 0, so that it has digits: scores that are no distances may be of any sign."""
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

CROSS_ENTROPY, SMOOTHED = Method(), Method(label_smoothing=0.1)
MAP, DISTANCE = Method(loss="map", rubbish=80.0), Method(loss="distance")
SQUARED_ERROR = Method(loss="squared-error")


@settings(few, phases=[Phase.explicit, Phase.generate])
@example(Problem(TWO_STAGES, channels=1, classes=10, batch=65, method=SMOOTHED, augmentation=AFFINE, seed=1))
@example(Problem(TWO_STAGES, channels=3, classes=10, batch=16, method=CROSS_ENTROPY, augmentation=NONE, seed=2))
@example(Problem(ONE_LOGISTIC, channels=2, classes=2, batch=1, method=CROSS_ENTROPY, augmentation=ELASTIC, seed=3))
@example(Problem(OF_1998, channels=1, classes=10, batch=65, method=MAP, augmentation=NONE, seed=4))
@example(Problem(SUMS, channels=1, classes=5, batch=16, method=SQUARED_ERROR, augmentation=NONE, seed=5))
@example(Problem(CODES_OF_MAPS, channels=1, classes=10, batch=16, method=DISTANCE, augmentation=NONE, seed=6))
@given(problem=problems())
def test_the_gradients_of_any_network_are_torchs(problem: Problem) -> None:
    """What a table leaves out has none at all."""
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
