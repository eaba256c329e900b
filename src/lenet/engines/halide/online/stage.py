"""A convolution, with or without a connection table, and the sub-sampling after it, lowered together."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.online import kernels
from lenet.engines.halide.online.plan import PicturePlan
from lenet.engines.halide.online.planes import Planes, framed, total, whole
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Convolution, Subsampling


class Stage:
    """A convolution and a sub-sampling that takes the mean or the sum of four units.

    If the sub-sampling is trainable, the mean or the sum is multiplied by the map's coefficient, the map's bias is
    added, and the result is squashed.
    """

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: PicturePlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.sums, self.outputs = layer.outputs, subsampling.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.sampled_squashing = ACTIVATIONS[subsampling.squashing]
        self.weights = Weights.of_convolution(plan.parameters, offset, layer)
        self.share, self.trainable = hl.f32(subsampling.share), subsampling.trainable
        self.coefficients, self.biases = self.weights.end, self.weights.end + self.outputs[0]
        self.columns = whole(2 * self.outputs[2]) // 2  # columns of the sampled units, for whole vectors of the sums

    def forward(self, below: Planes) -> Planes:
        self.below = below
        units = kernels.convolution(self.name, below, self.weights, self.sums, self.squashing)
        self.units = Planes(units, self.sums, self.squashing)
        self.pooled = hl.Func(f"{self.name}_pooled")
        four = [self.units(2 * x + place % 2, 2 * y + place // 2, m) for place in range(4)]
        self.pooled[x, y, m] = self.share * (four[0] + four[1] + four[2] + four[3])
        sampled = framed(f"{self.name}_sampled", self._sampled, self.outputs, self.columns)
        return Planes(sampled, self.outputs, self.sampled_squashing, self._sum)

    def _sampled(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return self.sampled_squashing.squash(self._sum(x, y, m))

    def _sum(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        sums = self._coefficient(m) * self.pooled[x, y, m]
        return sums + self.plan.parameters[self.biases + m] if self.trainable else sums

    def _coefficient(self, m: hl.Expr) -> hl.Expr:
        return self.plan.parameters[self.coefficients + m] if self.trainable else hl.f32(1)

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        by_sampled = framed(f"{self.name}_by_sampled", lambda *at: gradient[at], self.outputs, self.columns)
        if self.trainable:
            self._add_sampled_gradients(by_sampled)
        by_sums = Planes(self._spread(by_sampled), self.sums)
        by_weights = kernels.kernel_gradient(f"{self.name}_weights", by_sums, self.below, self.weights)
        by_biases = total(f"{self.name}_biases", by_sums, self.sums, whole(self.sums[2]))
        count = self.weights.bias_offset - self.weights.offset
        self.plan.add_gradient(self.weights.offset, (count,), lambda place: by_weights[place])
        self.plan.add_gradient(self.weights.bias_offset, self.sums[:1], lambda m: by_biases[m])
        if self.lowest:
            return None
        return kernels.input_gradient(f"{self.name}_back", by_sums, self.weights, self.below)

    def _add_sampled_gradients(self, by_sampled: hl.Func) -> None:
        """Add to the plan the gradients with respect to the coefficients and the biases of the sub-sampling.

        `by_sampled` is the gradient with respect to the sampled units' sums.
        """
        shape, columns = self.outputs, self.columns
        by_coefficients = total(
            f"{self.name}_coefficients", lambda *at: by_sampled[at] * self.pooled[at], shape, columns
        )
        by_biases = total(f"{self.name}_sampled_biases", lambda *at: by_sampled[at], shape, columns)
        self.plan.add_gradient(self.coefficients, shape[:1], lambda m: by_coefficients[m])
        self.plan.add_gradient(self.biases, shape[:1], lambda m: by_biases[m])

    def _spread(self, by_sampled: hl.Func) -> hl.Func:
        """Return the gradient with respect to the convolution's sums; it is 0 in an odd last row or column.

        `by_sampled` is the gradient with respect to the sampled units' sums.
        """
        maps, height, width = self.outputs

        def share(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
            by_unit = self.share * self._coefficient(m) * by_sampled[x // 2, y // 2, m]
            return by_unit * self.units.slope(x, y, m)

        return framed(f"{self.name}_by_sums", share, (maps, 2 * height, 2 * width), 2 * self.columns)
