"""A convolution and the sub-sampling after it, if there is one, lowered together.

Maximum pooling stores no units of the convolution.
"""

from __future__ import annotations

from math import prod

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.batch import kernels
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import Units, bound, chunk, flattened, framed, in_vectors, n
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Convolution, Shape, Subsampling


class Stage:
    """A convolution without sub-sampling, and the base class of `Sampled`."""

    def __init__(self, layer: Convolution, offset: int, plan: ChunkPlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.sums = layer.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.weights = Weights.of_convolution(plan.parameters, offset, layer)
        if not self.weights.table.full:
            self.weights = self.weights.premasked()
            plan.compute(self.weights.masked)

    def forward(self, below: Units) -> Units:
        self.below = self.seen = below
        if self.weights.padding:
            self.seen = framed(f"{self.name}_framed", below, self.weights.padding, self.plan.images)
            self.plan.compute(self.seen.func)
        return self._units(kernels.weighted_sums(self.name, self.seen, self.weights))

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        plan, images, weights = self.plan, self.plan.images, self.weights
        by_sums, stored = self._by_sums(gradient)
        by_weights = kernels.kernel_gradient(
            f"{self.name}_weights", by_sums, self.sums, self.seen, weights, images, stored=stored
        )
        plan.add_gradient_func(weights.offset, (weights.side, weights.side, weights.below, weights.maps), by_weights)
        self._add_gradients(gradient, by_sums)
        if self.lowest:
            return None
        back = kernels.input_gradient(f"{self.name}_back", by_sums, self.sums, weights, self.below, images)
        return plan.compute(back)

    def _units(self, sums: kernels.Sums) -> Units:
        """Return the units that the next layer sees, made from the convolution's `sums`."""
        plan = self.plan
        units = kernels.squash(self.name, sums, self.squashing, self.sums[1:], plan.images, learning=plan.learning)
        return Units(plan.compute(units), self.sums, self.squashing)

    def _by_sums(self, gradient: hl.Func) -> tuple[hl.Func, bool]:
        """Return the gradient with respect to the convolution's sums, and whether it is stored.

        `gradient` is taken with respect to the sums of the units that the next layer sees.
        """
        return gradient, True

    def _add_gradients(self, gradient: hl.Func, by_sums: hl.Func) -> None:
        """Add to the plan the gradients with respect to the convolution's biases and any parameters of the pooling.

        `gradient` is taken with respect to the sums of the units that the next layer sees, and `by_sums` with respect
        to the convolution's.
        """
        shape = self.sums
        if not self.weights.shared_bias:  # then each unit counts as a map
            by_sums, shape = flattened(f"{self.name}_by_unit", by_sums, shape), (prod(shape), 1, 1)
        self._add_gradient_by_map("biases", self.weights.bias_offset, by_sums, shape)

    def _add_gradient_by_map(self, what: str, offset: int, gradient: hl.Func, shape: Shape) -> None:
        """Add to the plan the gradient with respect to the parameters called `what`, of which each map has one.

        They begin at `offset` among all parameters. Their gradient is the sum of `gradient`, which has the `shape`
        (maps, height, width), over the positions of each map and over the images.
        """
        total = kernels.bias_gradient(f"{self.name}_{what}", gradient, shape, self.plan.images)
        self.plan.add_gradient_func(offset, (shape[0],), total)


class Sampled(Stage):
    """A convolution with the sub-sampling after it: the base class of `Largest` and `Mean`."""

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: ChunkPlan) -> None:
        super().__init__(layer, offset, plan)
        self.outputs = subsampling.outputs

    def _by_sums(self, gradient: hl.Func) -> tuple[hl.Func, bool]:
        """Return the gradient with respect to the convolution's sums; it is 0 in an odd last row or column."""
        _, height, width = self.outputs
        share = self._share(gradient, hl.min(x // 2, width - 1), hl.min(y // 2, height - 1))
        spread = hl.Func(f"{self.name}_spread")
        left_out = (x >= 2 * width) | (y >= 2 * height)
        odd = self.sums[1:] != (2 * height, 2 * width)
        spread[n, x, y, m, chunk] = hl.select(left_out, hl.f32(0), share) if odd else share
        if not self.lowest:  # the lowest layer's kernel gradient computes each number when it needs it
            bound(spread, self.sums, self.plan.images)
            in_vectors(self.plan.compute(spread))
        return spread, not self.lowest

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """Return the gradient with respect to the convolution's sum at (x, y).

        It comes from `gradient` at (`column`, `row`), the place of the sampled unit to which that sum belongs.
        """
        raise NotImplementedError


class Largest(Sampled):
    """Maximum pooling: a sampled unit is the largest of four units, and its whole gradient goes back to that one.

    The largest is the one with the largest sum; if several sums are equal, it is the first.
    """

    def _units(self, sums: kernels.Sums) -> Units:
        units = kernels.squash_largest(
            self.name, sums, self.squashing, self.outputs[1:], self.plan.images, learning=self.plan.learning
        )
        self.sampled = Units(self.plan.compute(units), self.outputs, self.squashing)
        return self.sampled

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        which = self.sampled.func[n, column, row, m, chunk][1]
        return hl.select(which == hl.u8(x % 2 + 2 * (y % 2)), gradient[n, column, row, m, chunk], hl.f32(0))

    def _add_gradients(self, gradient: hl.Func, by_sums: hl.Func) -> None:
        if self.weights.shared_bias:  # the sums over a map are equal, and those of `gradient` have fewer terms
            self._add_gradient_by_map("biases", self.weights.bias_offset, gradient, self.outputs)
        else:
            super()._add_gradients(gradient, by_sums)


class Mean(Sampled):
    """Mean or sum pooling: a sampled unit is the mean or the sum of four units.

    If the sub-sampling is trainable, the mean or the sum is multiplied by the map's coefficient, the map's bias is
    added, and the result is squashed.
    """

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: ChunkPlan) -> None:
        super().__init__(layer, subsampling, offset, plan)
        self.share, self.trainable = hl.f32(subsampling.share), subsampling.trainable
        self.sampled_squashing = ACTIVATIONS[subsampling.squashing]
        self.coefficients, self.biases = self.weights.end, self.weights.end + self.outputs[0]

    def _units(self, sums: kernels.Sums) -> Units:
        plan = self.plan
        self.units = super()._units(sums)
        pooled, sampled = self._pooled(), hl.Func(f"{self.name}_sampled")
        if self.trainable:
            total = self._coefficient() * pooled + plan.parameters[self.biases + m]
            pooled = self.sampled_squashing.with_slope(total, learning=plan.learning)
        sampled[n, x, y, m, chunk] = pooled
        bound(sampled, self.outputs, plan.images)
        in_vectors(plan.compute(sampled))
        return Units(sampled, self.outputs, self.sampled_squashing)

    def _pooled(self) -> hl.Expr:
        return sum(self.units(n, 2 * x + p % 2, 2 * y + p // 2, m) for p in range(4)) * self.share

    def _coefficient(self) -> hl.Expr:
        return self.plan.parameters[self.coefficients + m] if self.trainable else hl.f32(1)

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        by_unit = gradient[n, column, row, m, chunk] * (self.share * self._coefficient())
        return by_unit * self.units.slope(n, x, y, m)

    def _add_gradients(self, gradient: hl.Func, by_sums: hl.Func) -> None:
        super()._add_gradients(gradient, by_sums)
        if self.trainable:
            by_coefficient = hl.Func(f"{self.name}_by_coefficient")
            by_coefficient[n, x, y, m, chunk] = gradient[n, x, y, m, chunk] * self._pooled()
            self._add_gradient_by_map("coefficients", self.coefficients, by_coefficient, self.outputs)
            self._add_gradient_by_map("sampled_biases", self.biases, gradient, self.outputs)
