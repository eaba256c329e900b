"""Every kernel of the batch engine agrees, by itself, with torch in float64.

pytest tests/engines/test_batch_kernels.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.activations import Activation as Squashing
from lenet.engines.halide.batch import kernels
from lenet.engines.halide.batch.units import Units, flattened, framed
from lenet.engines.halide.processor import TARGET
from lenet.engines.halide.table import Table
from lenet.engines.halide.weights import Weights
from lenet.models.activations import Activation
from lenet.models.layers import BACKGROUND, Shape
from lenet.models.modules import SQUASH
from tests.engines.kernel_cases import (
    BACK,
    FORWARD,
    Array,
    activations,
    chunks_of,
    few,
    func,
    images_last,
    param,
    relative,
    run,
    seeds,
)


@dataclass(frozen=True)
class Case:
    """A convolution: units below, weights, and a gradient with respect to its sums, all normal with deviation 1.

    With `whole` they are rounded to whole numbers, so that sums are exact and many of them are equal. The kernels move
    by `stride` units, and if `in_frame`, they begin in a frame of background. If `left`, they do not reach the last row
    and column where they move by two. A map has one bias, or one for each unit if it is not `shared`.
    """

    images: int
    maps: int
    below: int
    side: int
    height: int
    width: int
    seed: int
    whole: bool = False
    stride: int = 1
    in_frame: bool = False
    left: bool = False
    shared: bool = True

    @property
    def sums(self) -> Shape:
        return self.maps, self.height, self.width

    @property
    def shape_below(self) -> Shape:
        more = self.side - 2 * self.padding + self.left * (self.stride - 1)
        height, width = (self.stride * (size - 1) + more for size in self.sums[1:])
        return self.below, height, width

    @property
    def padding(self) -> int:
        return (self.side - 1) // 2 if self.in_frame else 0

    @property
    def places(self) -> tuple[int, int]:
        return (1, 1) if self.shared else self.sums[1:]

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
        """The parameters, after seven numbers that belong to another layer."""
        return self.draw(7 + self.maps * (self.below * self.side**2 + prod(self.places)), stream=2)

    def weights(self) -> Weights:
        table = Table(None, self.maps, self.below)
        parameters, moves = param(self.parameters), (self.stride, self.padding)
        return Weights(parameters, 7, self.maps, self.below, self.side, table, *moves, self.places)

    def below_units(self) -> Units:
        """Return the units below. Their slope is their square, unlike that of any activation."""
        return Units(func(self.units), self.shape_below, Squashing(lambda s: s, lambda value: value * value))

    def seen(self) -> Units:
        """Return the units below within their frame of background, if there is one."""
        if not self.padding:
            return self.below_units()
        units = framed("framed", self.below_units(), self.padding, self.images)
        units.func.compute_root()
        return units

    def torch(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return units, weights, biases and the sums made of them, in float64 and ready to be differentiated."""
        units = torch.from_numpy(self.units).double().movedim(-1, 0).requires_grad_()
        parameters = torch.from_numpy(self.parameters[7:]).double()
        count = self.maps * prod(self.places)
        weights = parameters[:-count].view(self.maps, self.below, self.side, self.side).requires_grad_()
        biases = parameters[-count:].view(self.maps, *self.places).requires_grad_()
        seen = F.pad(units, [self.padding] * 4, value=BACKGROUND)
        return units, weights, biases, F.conv2d(seen, weights, stride=self.stride) + biases

    def gradients(self) -> list[Tensor]:
        """Return the gradients with respect to units, weights and biases."""
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
    stride=st.integers(1, 3),
    in_frame=st.booleans(),
    left=st.booleans(),
    shared=st.booleans(),
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
def test_sums_are_squashed(case: Case, activation: Activation) -> None:
    sums = kernels.weighted_sums("c", case.seen(), case.weights())
    size = case.height, case.width
    units = kernels.squash("c", sums, ACTIVATIONS[activation], size, case.images, learning=True)
    found = run(units, case.images, case.width, case.height, case.maps)
    assert relative(found, images_last(SQUASH[activation](case.torch()[-1].detach()))) <= FORWARD


@few
@given(case=cases, activation=activations, odd=st.booleans())
def test_the_largest_of_four_units_and_its_place(case: Case, activation: Activation, odd: bool) -> None:
    """The place is that of the first of equal sums, as in torch. If `odd`, a row and a column of sums are left over.

    A function that falls somewhere may give units that float32 cannot tell apart, so the place is left open.
    """
    height, width = case.height, case.width
    case = replace(case, height=2 * height + odd, width=2 * width + odd, whole=True)
    sums = kernels.weighted_sums("c", case.seen(), case.weights())
    squashing = ACTIVATIONS[activation]
    units = kernels.squash_largest("c", sums, squashing, (height, width), case.images, learning=True)
    found, which, *_ = (np.array(part)[0] for part in units.realize([case.images, width, height, case.maps, 1], TARGET))
    exact = case.torch()[-1].detach()
    ranks = SQUASH[activation](exact) if squashing.falls else exact
    largest, places = F.max_pool2d(ranks, 2, return_indices=True)
    assert relative(found, images_last(largest if squashing.falls else SQUASH[activation](largest))) <= FORWARD
    row, column = places // case.width, places % case.width
    if not squashing.falls:
        assert np.array_equal(which, images_last(row % 2 * 2 + column % 2).numpy())


@few
@given(case=cases | matrices)
def test_gradients_go_back_through_the_weights_and_the_slope(case: Case) -> None:
    below = case.below_units()
    back = kernels.input_gradient("c", func(case.gradient), case.sums, case.weights(), below, case.images)
    maps, height, width = case.shape_below
    expected = case.gradients()[0] * case.torch()[0].detach() ** 2
    assert relative(run(back, case.images, width, height, maps), images_last(expected)) <= BACK


@few
@given(case=cases, stored=st.booleans())
def test_kernel_gradients_are_summed_over_places_and_images(case: Case, stored: bool) -> None:
    gradient, seen = func(case.gradient), case.seen()
    gradients = kernels.kernel_gradient("c", gradient, case.sums, seen, case.weights(), case.images, stored=stored)
    found = run(gradients, case.side, case.side, case.below, case.maps)
    assert relative(found, case.gradients()[1]) <= BACK


@few
@given(case=cases)
def test_bias_gradients_are_summed_over_places_and_images(case: Case) -> None:
    gradient, shape = func(case.gradient), case.sums
    if not case.shared:
        gradient, shape = flattened("by_unit", gradient, shape), (prod(shape), 1, 1)
    biases = kernels.bias_gradient("c", gradient, shape, case.images)
    assert relative(run(biases, shape[0]), case.gradients()[2].flatten()) <= BACK


@few
@given(case=matrices)
def test_a_matrix_gradient_is_the_product_of_two_matrices(case: Case) -> None:
    gradient, below = func(case.gradient), case.below_units()
    gradients, transposed = kernels.matrix_gradient("f", gradient, case.sums, below, case.images)
    transposed.compute_root()
    assert relative(run(gradients, case.below, case.maps), case.gradients()[1].flatten(1)) <= BACK
