"""A convolution and the sub-sampling after it, lowered together; maximum pooling stores no units of the convolution."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.batch import kernels
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import Units, bound, chunk, in_vectors, n
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Convolution, Shape, Subsampling


class Stage:
    """A convolution with the sub-sampling after it: the base class of `Largest` and `Mean`."""

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: ChunkPlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.sums, self.outputs = layer.outputs, subsampling.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.weights = Weights.of_convolution(plan.parameters, offset, layer)
        if not self.weights.table.full:
            self.weights = self.weights.premasked()
            plan.compute(self.weights.masked)

    def forward(self, below: Units) -> Units:
        self.below = below
        return self._sample(kernels.weighted_sums(self.name, below, self.weights))

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        plan, images, weights = self.plan, self.plan.images, self.weights
        by_sums = self._spread(gradient)
        if not self.lowest:  # the lowest layer's kernel gradient computes each number when it needs it
            bound(by_sums, self.sums, images)
            in_vectors(plan.compute(by_sums))
        by_weights = kernels.kernel_gradient(
            f"{self.name}_weights", by_sums, self.sums, self.below, weights, images, stored=not self.lowest
        )
        plan.add_gradient_func(weights.offset, (weights.side, weights.side, weights.below, weights.maps), by_weights)
        self._add_gradients(gradient, by_sums)
        if self.lowest:
            return None
        back = kernels.input_gradient(f"{self.name}_back", by_sums, self.sums, weights, self.below, images)
        return plan.compute(back)

    def _spread(self, gradient: hl.Func) -> hl.Func:
        """Return the gradient with respect to the convolution's sums; it is 0 in an odd last row or column.

        `gradient` is taken with respect to the sampled units' sums.
        """
        _, height, width = self.outputs
        share = self._share(gradient, hl.min(x // 2, width - 1), hl.min(y // 2, height - 1))
        spread = hl.Func(f"{self.name}_spread")
        left_out = (x >= 2 * width) | (y >= 2 * height)
        odd = self.sums[1:] != (2 * height, 2 * width)
        spread[n, x, y, m, chunk] = hl.select(left_out, hl.f32(0), share) if odd else share
        return spread

    def _add_gradient_by_map(self, what: str, offset: int, gradient: hl.Func, shape: Shape) -> None:
        """Add to the plan the gradient with respect to `what`, a parameter of each map, stored from `offset` on.

        It is the sum of `gradient`, of `shape` (maps, height, width), over the positions of each map and the images.
        """
        total = kernels.bias_gradient(f"{self.name}_{what}", gradient, shape, self.plan.images)
        self.plan.add_gradient_func(offset, (shape[0],), total)

    def _sample(self, sums: kernels.Sums) -> Units:
        """Return the sampled units, one for each 2 x 2 square of the convolution's `sums`."""
        raise NotImplementedError

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """Return the gradient with respect to the convolution's sum at (x, y).

        It comes from `gradient` at (`column`, `row`), the place of the sampled unit to which that sum belongs.
        """
        raise NotImplementedError

    def _add_gradients(self, gradient: hl.Func, by_sums: hl.Func) -> None:
        """Add to the plan the gradients with respect to the convolution's biases and any parameters of the pooling.

        `gradient` is taken with respect to the sampled units' sums, and `by_sums` with respect to the convolution's.
        """
        raise NotImplementedError


class Largest(Stage):
    """Maximum pooling: a sampled unit is the largest of four units, and its whole gradient goes back to that one.

    The largest is the one with the largest sum; if several sums are equal, it is the first.
    """

    def _sample(self, sums: kernels.Sums) -> Units:
        units = kernels.squash_largest(
            self.name, sums, self.squashing, self.outputs[1:], self.plan.images, learning=self.plan.learning
        )
        self.sampled = Units(self.plan.compute(units), self.outputs, self.squashing)
        return self.sampled

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        which = self.sampled.func[n, column, row, m, chunk][1]
        return hl.select(which == hl.u8(x % 2 + 2 * (y % 2)), gradient[n, column, row, m, chunk], hl.f32(0))

    def _add_gradients(self, gradient: hl.Func, by_sums: hl.Func) -> None:
        self._add_gradient_by_map("biases", self.weights.bias_offset, gradient, self.outputs)


class Mean(Stage):
    """Mean or sum pooling: a sampled unit is the mean or the sum of four units.

    If the sub-sampling is trainable, the mean or the sum is multiplied by the map's coefficient, the map's bias is
    added, and the result is squashed.
    """

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: ChunkPlan) -> None:
        super().__init__(layer, subsampling, offset, plan)
        self.share, self.trainable = hl.f32(subsampling.share), subsampling.trainable
        self.sampled_squashing = ACTIVATIONS[subsampling.squashing]
        self.coefficients, self.biases = self.weights.end, self.weights.end + self.outputs[0]

    def _sample(self, sums: kernels.Sums) -> Units:
        plan = self.plan
        units = kernels.squash(self.name, sums, self.squashing, self.sums[1:], plan.images, learning=plan.learning)
        self.units = Units(plan.compute(units), self.sums, self.squashing)
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
        self._add_gradient_by_map("biases", self.weights.bias_offset, by_sums, self.sums)
        if self.trainable:
            by_coefficient = hl.Func(f"{self.name}_by_coefficient")
            by_coefficient[n, x, y, m, chunk] = gradient[n, x, y, m, chunk] * self._pooled()
            self._add_gradient_by_map("coefficients", self.coefficients, by_coefficient, self.outputs)
            self._add_gradient_by_map("sampled_biases", self.biases, gradient, self.outputs)


def make_stage(layer: Convolution, subsampling: Subsampling, offset: int, plan: ChunkPlan) -> Stage:
    """Return a stage of the kind that `subsampling` needs."""
    return (Largest if subsampling.pooling == "max" else Mean)(layer, subsampling, offset, plan)
