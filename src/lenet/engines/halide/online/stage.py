"""A convolution, with or without a connection table, and the sub-sampling after it, if any, lowered together."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.online import kernels
from lenet.engines.halide.online.plan import PicturePlan
from lenet.engines.halide.online.planes import Planes, framed, total, whole
from lenet.engines.halide.weights import Weights
from lenet.models.layers import BACKGROUND, Convolution, Subsampling


class Stage:
    """A convolution without sub-sampling, and the base class of `Sampled`."""

    def __init__(self, layer: Convolution, offset: int, plan: PicturePlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.sums = layer.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.weights = Weights.of_convolution(plan.parameters, offset, layer)

    def forward(self, below: Planes) -> Planes:
        self.below = self.seen = below
        if self.weights.padding or self.weights.stride > 1:  # no frame below, unless a sub-sampling made those planes
            columns = whole(below.shape[2])
            self.seen = Planes(framed(f"{self.name}_framed", below, below.shape, columns, BACKGROUND), below.shape)
        units = kernels.convolution(self.name, self.seen, self.weights, self.sums, self.squashing)
        self.units = Planes(units, self.sums, self.squashing)
        return self._units()

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        by_sums = Planes(self._by_sums(gradient), self.sums)
        by_weights = kernels.kernel_gradient(f"{self.name}_weights", by_sums, self.seen, self.weights)
        count = self.weights.bias_offset - self.weights.offset
        self.plan.add_gradient(self.weights.offset, (count,), lambda place: by_weights[place])
        self._add_bias_gradient(by_sums)
        if self.lowest:
            return None
        return kernels.input_gradient(f"{self.name}_back", self._apart(by_sums), self.weights, self.below)

    def _units(self) -> Planes:
        """Return the units that the next layer sees."""
        return self.units

    def _by_sums(self, gradient: hl.Func) -> hl.Func:
        """Return the gradient with respect to the convolution's sums, with zeros around each plane.

        `gradient` is taken with respect to the sums of the units that the next layer sees.
        """
        return framed(f"{self.name}_by_sums", lambda *at: gradient[at], self.sums, whole(self.sums[2]))

    def _add_bias_gradient(self, by_sums: Planes) -> None:
        weights, (maps, height, width) = self.weights, self.sums
        if weights.shared_bias:
            by_biases = total(f"{self.name}_biases", by_sums, self.sums, whole(width))
            self.plan.add_gradient(weights.bias_offset, (maps,), lambda m: by_biases[m])
        else:
            self.plan.add_gradient(weights.bias_offset, (width, height, maps), by_sums)

    def _apart(self, by_sums: Planes) -> Planes:
        """Return the gradient `by_sums` with each number at the place where its kernel begins, and zeros between."""
        stride, (maps, height, width) = self.weights.stride, self.sums
        if stride == 1:
            return by_sums

        def number(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
            return hl.select((x % stride == 0) & (y % stride == 0), by_sums(x // stride, y // stride, m), hl.f32(0))

        shape = (maps, stride * (height - 1) + 1, stride * (width - 1) + 1)
        return Planes(framed(f"{self.name}_apart", number, shape, whole(shape[2])), shape)


class Sampled(Stage):
    """A convolution with the sub-sampling after it: the base class of `Largest` and `Mean`."""

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: PicturePlan) -> None:
        super().__init__(layer, offset, plan)
        self.outputs = subsampling.outputs
        self.columns = whole(2 * self.outputs[2]) // 2  # columns of the sampled units, for whole vectors of the sums

    def _by_sums(self, gradient: hl.Func) -> hl.Func:
        """Return the gradient with respect to the convolution's sums; it is 0 in an odd last row or column."""
        maps, height, width = self.outputs
        by_sampled = framed(f"{self.name}_by_sampled", lambda *at: gradient[at], self.outputs, self.columns)
        self._add_gradients(by_sampled)

        def share(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
            return self._share(by_sampled[x // 2, y // 2, m], x, y, m) * self.units.slope(x, y, m)

        return framed(f"{self.name}_by_sums", share, (maps, 2 * height, 2 * width), 2 * self.columns)

    def _four(self) -> list[hl.Expr]:
        """Return the four units of which the sampled unit at (x, y, m) is made, row by row."""
        return [self.units(2 * x + place % 2, 2 * y + place // 2, m) for place in range(4)]

    def _share(self, gradient: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        """Return the share of the convolution's unit at (x, y, m) in `gradient`, that of its sampled unit."""
        raise NotImplementedError

    def _add_gradients(self, by_sampled: hl.Func) -> None:
        """Add to the plan the gradients with respect to any parameters of the sub-sampling.

        `by_sampled` is the gradient with respect to the sampled units' sums.
        """


class Largest(Sampled):
    """Maximum pooling: a sampled unit is the largest of four units, and its whole gradient goes back to that one.

    If several units are equal, it is the first.
    """

    def _units(self) -> Planes:
        largest, place = hl.Func(f"{self.name}_largest"), hl.f32(3)
        four = self._four()
        largest[x, y, m] = hl.max(hl.max(four[0], four[1]), hl.max(four[2], four[3]))
        for earlier in (2, 1, 0):
            place = hl.select(four[earlier] == largest[x, y, m], hl.f32(earlier), place)
        which = hl.Func(f"{self.name}_which")
        which[x, y, m] = place
        self.which = framed(f"{self.name}_place", lambda *at: which[at], self.outputs, self.columns)
        sampled = framed(f"{self.name}_sampled", lambda *at: largest[at], self.outputs, self.columns)
        return Planes(sampled, self.outputs)

    def _share(self, gradient: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return hl.select(self.which[x // 2, y // 2, m] == hl.f32(x % 2 + 2 * (y % 2)), gradient, hl.f32(0))


class Mean(Sampled):
    """Mean or sum pooling: a sampled unit is the mean or the sum of four units.

    If the sub-sampling is trainable, the mean or the sum is multiplied by the map's coefficient, the map's bias is
    added, and the result is squashed.
    """

    def __init__(self, layer: Convolution, subsampling: Subsampling, offset: int, plan: PicturePlan) -> None:
        super().__init__(layer, subsampling, offset, plan)
        self.sampled_squashing = ACTIVATIONS[subsampling.squashing]
        self.share, self.trainable = hl.f32(subsampling.share), subsampling.trainable
        self.coefficients, self.biases = self.weights.end, self.weights.end + self.outputs[0]

    def _units(self) -> Planes:
        self.pooled = hl.Func(f"{self.name}_pooled")
        four = self._four()
        self.pooled[x, y, m] = self.share * (four[0] + four[1] + four[2] + four[3])
        sampled = framed(f"{self.name}_sampled", self._sampled, self.outputs, self.columns)
        return Planes(sampled, self.outputs, self.sampled_squashing, self._slope)

    def _sampled(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return self.sampled_squashing.squash(self._sum(x, y, m))

    def _slope(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return self.sampled_squashing.slope(self._sum(x, y, m))  # only of the slopes that need the sum

    def _sum(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        sums = self._coefficient(m) * self.pooled[x, y, m]
        return sums + self.plan.parameters[self.biases + m] if self.trainable else sums

    def _coefficient(self, m: hl.Expr) -> hl.Expr:
        return self.plan.parameters[self.coefficients + m] if self.trainable else hl.f32(1)

    def _share(self, gradient: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return self.share * self._coefficient(m) * gradient

    def _add_gradients(self, by_sampled: hl.Func) -> None:
        if not self.trainable:
            return
        shape, columns = self.outputs, self.columns
        by_coefficients = total(
            f"{self.name}_coefficients", lambda *at: by_sampled[at] * self.pooled[at], shape, columns
        )
        by_biases = total(f"{self.name}_sampled_biases", lambda *at: by_sampled[at], shape, columns)
        self.plan.add_gradient(self.coefficients, shape[:1], lambda m: by_coefficients[m])
        self.plan.add_gradient(self.biases, shape[:1], lambda m: by_biases[m])
