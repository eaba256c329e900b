"""A convolution and the sub-sampling after it, lowered as one: what only the maximum needs is never stored."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide import kernels
from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.units import Kernels, Units, bound, chunk, constant, in_vectors, m, n, x, y
from lenet.models.layers import Convolution, Shape, Subsampling


class Stage:
    """What the two kinds of sub-sampling have in common: the convolution, and that each unit has four below it."""

    def __init__(
        self, name: str, layer: Convolution, subsampling: Subsampling, inputs: Shape, offset: int, plan: Plan
    ) -> None:
        self.name, self.plan = name, plan
        self.sums, self.outputs = layer.outputs, subsampling.outputs
        self.kernels = Kernels(plan.parameters, offset, layer.outputs[0], inputs[0], layer.kernel_size[0])
        if layer.connected is not None:
            self.kernels = self.kernels.connected(constant(layer.connected[:, :, 0, 0].float()))
            plan.compute(self.kernels.masked)
        self.first, self.end = offset == 0, self.kernels.end
        self.activation = ACTIVATIONS[layer.activation]

    def forward(self, below: Units) -> Units:
        self.below = below
        return self._sampled(kernels.weighted_sums(self.name, below, self.kernels))

    def backward(self, gradient: hl.Func) -> hl.Func:
        plan, images, layer = self.plan, self.plan.images, self.kernels
        sums = self._spread(gradient)
        if not self.first:  # of the first one only the kernels' gradient needs it, each number once
            bound(sums, self.sums, images)
            in_vectors(plan.compute(sums))
        weights = kernels.kernel_gradient(
            f"{self.name}_weights", sums, self.sums, self.below, layer, images, stored=not self.first
        )
        plan.learn(layer.offset, (layer.side, layer.side, layer.below, layer.maps), weights)
        self._learn(gradient, sums)
        if self.first:
            return sums
        back = kernels.input_gradient(f"{self.name}_back", sums, self.sums, layer, self.below, images)
        return plan.compute(back)

    def _spread(self, gradient: hl.Func) -> hl.Func:
        """From each sampled unit back to the sums of its four; nothing to an odd last row or column."""
        _, height, width = self.outputs
        share = self._share(gradient, hl.min(x // 2, width - 1), hl.min(y // 2, height - 1))
        spread = hl.Func(f"{self.name}_spread")
        left_out = (x >= 2 * width) | (y >= 2 * height)
        odd = self.sums[1:] != (2 * height, 2 * width)
        spread[n, x, y, m, chunk] = hl.select(left_out, hl.f32(0), share) if odd else share
        return spread

    def _learn_by_map(self, what: str, offset: int, gradient: hl.Func, shape: Shape) -> None:
        """A parameter of each map learns by the sum of a gradient over the map."""
        total = kernels.bias_gradient(f"{self.name}_{what}", gradient, shape, self.plan.images)
        self.plan.learn(offset, (shape[0],), total)

    def _sampled(self, sums: kernels.Sums) -> Units:
        """Of four sums, squashed, one unit."""
        raise NotImplementedError

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """What the sum in column x and row y has of the gradient of the unit sampled from it."""
        raise NotImplementedError

    def _learn(self, gradient: hl.Func, sums: hl.Func) -> None:
        """The gradients of all parameters but the kernels, by that of the sampled units and by that of all sums."""
        raise NotImplementedError


class Largest(Stage):
    """The unit is the largest of the four, to which all of its gradient goes back."""

    def _sampled(self, sums: kernels.Sums) -> Units:
        squash, size, images = self.activation.squash, self.outputs[1:], self.plan.images
        units = kernels.squash_largest(self.name, sums, squash, size, images, which=self.plan.learning)
        self.sampled = Units(self.plan.compute(units), self.outputs, self.activation.slope)
        return self.sampled

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        which = self.sampled.func[n, column, row, m, chunk][1]
        return hl.select(which == hl.u8(x % 2 + 2 * (y % 2)), gradient[n, column, row, m, chunk], hl.f32(0))

    def _learn(self, gradient: hl.Func, sums: hl.Func) -> None:
        self._learn_by_map("biases", self.kernels.bias_offset, gradient, self.outputs)


class Mean(Stage):
    """The unit is the mean of the four or their sum; trainable, it has a coefficient and a bias, and is squashed."""

    def __init__(
        self, name: str, layer: Convolution, subsampling: Subsampling, inputs: Shape, offset: int, plan: Plan
    ) -> None:
        super().__init__(name, layer, subsampling, inputs, offset, plan)
        self.share = hl.f32(1 if subsampling.pooling == "trainable-sum" else 1 / 4)
        self.trainable, self.sampling = subsampling.trainable, ACTIVATIONS[subsampling.activation]
        self.coefficients, self.biases = self.kernels.end, self.kernels.end + self.outputs[0]
        self.end += 2 * self.outputs[0] * self.trainable

    def _sampled(self, sums: kernels.Sums) -> Units:
        plan = self.plan
        units = kernels.squash(self.name, sums, self.activation.squash, self.sums[1:], plan.images)
        self.units = Units(plan.compute(units), self.sums, self.activation.slope)
        pooled, sampled = self._pooled(), hl.Func(f"{self.name}_sampled")
        if self.trainable:
            pooled = self.sampling.squash(self._coefficient() * pooled + plan.parameters[self.biases + m])
        sampled[n, x, y, m, chunk] = pooled
        bound(sampled, self.outputs, plan.images)
        in_vectors(plan.compute(sampled))
        return Units(sampled, self.outputs, self.sampling.slope)

    def _pooled(self) -> hl.Expr:
        return sum(self.units(n, 2 * x + p % 2, 2 * y + p // 2, m) for p in range(4)) * self.share

    def _coefficient(self) -> hl.Expr:
        return self.plan.parameters[self.coefficients + m] if self.trainable else hl.f32(1)

    def _share(self, gradient: hl.Func, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        by_unit = gradient[n, column, row, m, chunk] * (self.share * self._coefficient())
        return by_unit * self.units.slope(self.units(n, x, y, m))

    def _learn(self, gradient: hl.Func, sums: hl.Func) -> None:
        self._learn_by_map("biases", self.kernels.bias_offset, sums, self.sums)
        if self.trainable:
            by_coefficient = hl.Func(f"{self.name}_by_coefficient")
            by_coefficient[n, x, y, m, chunk] = gradient[n, x, y, m, chunk] * self._pooled()
            self._learn_by_map("coefficients", self.coefficients, by_coefficient, self.outputs)
            self._learn_by_map("sampled_biases", self.biases, gradient, self.outputs)
