"""The numbers that make one LeNet differ from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from lenet.errors import InputError, unknown
from lenet.models.activations import ACTIVATIONS
from lenet.models.layers import Convolution, FullConnection, Layer, Shape, Subsampling
from lenet.models.output import CLASSES, UNITS, EuclideanRBF
from lenet.models.tables import TABLES
from lenet.records import check, within

MOST_WEIGHTS = 100_000_000  # more is a slip of the hand, or a hostile file


@dataclass(frozen=True)
class Architecture:
    """A LeNet as numbers: stages of a convolution and its sub-sampling, then hidden units, then the classes.

    Raises `InputError` when the numbers do not go together, before any layer is made.
    """

    input_size: int = 32
    """pixels along each side of the input"""
    maps: tuple[int, ...] = (6, 16)
    """feature maps of each convolution, one number for each stage (6 16: C1 and C3)"""
    kernels: tuple[int, ...] = (5, 5)
    """side of each convolution's kernels, one number for each stage"""
    table: str = "full"
    """which maps below the second convolution's maps see: full (all), lenet5-1998 (Table I), lenet1 or lenet1989"""
    pooling: Literal["max", "mean", "trainable-mean", "trainable-sum", "none"] = "max"
    """what a sub-sampling layer makes of 2 x 2 units: trainable, as in 1998, it multiplies, adds a bias and squashes;
    none, as in 1989: no such layers, the convolutions go in steps of two over padded maps"""
    biases: Literal["shared", "unshared"] = "shared"
    """one bias for each map of a convolution, or, as in 1989, for each of its units"""
    activation: str = "relu"
    """squashing function: tanh, scaled-tanh (the papers'), logistic, relu, celu, elu, gelu, hardtanh, leaky-relu, mish,
    relu6, selu, silu, softplus or softsign"""
    hidden: tuple[int, ...] = (120, 84)
    """units of each hidden layer after the stages (120 84: C5 and F6)"""
    output: Literal["linear", "squashed", "rbf"] = "linear"
    """weighted sums as they are, squashed, or, as in 1998, compared to the codes of ten digits"""

    def __post_init__(self) -> None:
        check(self)
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        within("input size", self.input_size, 1, 1024)
        within("number of stages", len(self.maps), 1, 16)
        within("number of hidden layers", len(self.hidden), 0, 16)
        for name in ("maps", "kernels", "hidden"):
            for number in getattr(self, name):
                within(name, number, 1, 4096)
        if len(self.kernels) != len(self.maps):
            raise InputError(
                f"{len(self.maps)} stages of maps but {len(self.kernels)} of kernels: give as many of each"
            )
        self._check_table()
        self._check_sizes()
        self._check_output()

    def _check_table(self) -> None:
        if self.table not in TABLES:
            raise unknown("table", self.table, TABLES)
        table = TABLES[self.table]
        if table and self.maps[:2] != (len(table[0]), len(table)):
            raise InputError(
                f"table '{self.table}' connects {len(table)} maps to {len(table[0])} below, but maps is "
                f"{' '.join(map(str, self.maps))}: take maps {len(table[0])} {len(table)}, or table full"
            )

    def _check_sizes(self) -> None:
        """Walk through the stages: each kernel must fit, each sub-sampling have units to halve."""
        side = self.input_size
        for stage, kernel in enumerate(self.kernels):
            if side < self._least_below(1, kernel):
                name, then = (stage + 1, "") if self.pooling == "none" else (2 * stage + 1, " and 2x2 sub-sampling")
                raise InputError(
                    f"stage {stage + 1} (c{name}) is given {side}x{side} units, too few for its "
                    f"{kernel}x{kernel} kernels{then}: an input size of at least "
                    f"{self._least_input_size()} fits, or smaller kernels, or fewer stages"
                )
            side = self._left(side, kernel)

    def _check_output(self) -> None:
        side = reduce(self._left, self.kernels, self.input_size)
        below = self.hidden[-1] if self.hidden else self.maps[-1] * side**2
        if self.output == "rbf" and below != UNITS:
            raise InputError(
                f"output rbf compares codes of {UNITS} units, but the layer below it has {below}: "
                f"take hidden 120 {UNITS}, say, or output linear"
            )

    def _convolved(self, side: int, kernel: int) -> int:
        """How many of `side` units along a side a stage's convolution leaves."""
        if self.pooling == "none":
            return (side + 2 * _padding(kernel) - kernel) // 2 + 1
        return side - kernel + 1

    def _left(self, side: int, kernel: int) -> int:
        """How many of `side` units a whole stage leaves."""
        convolved = self._convolved(side, kernel)
        return convolved if self.pooling == "none" else convolved // 2

    def _least_below(self, side: int, kernel: int) -> int:
        """The fewest units of which a stage leaves `side`."""
        if self.pooling == "none":
            return 2 * (side - 1) + kernel - 2 * _padding(kernel)
        return 2 * side + kernel - 1

    def _least_input_size(self) -> int:
        side = 1
        for kernel in reversed(self.kernels):
            side = self._least_below(side, kernel)
        return side

    def check_weights(self, channels: int, classes: int) -> None:
        """Raise `InputError` if the network has more weights than a LeNet can want, before memory is taken for them."""
        below, side, weights = channels, self.input_size, 0
        for maps, kernel in zip(self.maps, self.kernels, strict=True):
            weights += below * maps * kernel**2
            if self.biases == "unshared":
                weights += maps * self._convolved(side, kernel) ** 2
            below, side = maps, self._left(side, kernel)
        below *= side**2
        for units in (*self.hidden, classes):
            weights += below * units
            below = units
        within("number of weights", weights, 1, MOST_WEIGHTS)

    def check_classes(self, classes: int) -> None:
        """Raise `InputError` if the output has no codes for so many classes."""
        if self.output == "rbf" and classes != CLASSES:
            raise InputError(f"output rbf has codes for {CLASSES} classes, not for {classes}: take output linear")

    def layers(self, channels: int, classes: int) -> Iterator[tuple[str, Layer]]:
        """The named layers in order, for pictures of so many channels and so many classes.

        The names go on counting as the paper does: c1 s2 c3 s4 c5 f6 output. The first hidden layer is a convolution
        whose kernels cover all that the last stage left, as C5's do (section II.B).
        """
        shape = (channels, self.input_size, self.input_size)
        number = 1
        for stage in range(len(self.maps)):
            convolution = self._convolution(stage, shape)
            yield f"c{number}", convolution
            shape, number = convolution.outputs, number + 1
            if self.pooling != "none":
                subsampling = Subsampling(shape, self.pooling, self.activation)
                yield f"s{number}", subsampling
                shape, number = subsampling.outputs, number + 1
        for place, units in enumerate(self.hidden):
            hidden: Convolution | FullConnection
            if place == 0:
                hidden = Convolution(shape, units, shape[-1], self.activation)
            else:
                hidden = FullConnection(shape, units, self.activation)
            yield f"{'f' if place else 'c'}{number}", hidden
            shape, number = hidden.outputs, number + 1
        yield "output", self._output(shape, classes)

    def _convolution(self, stage: int, inputs: Shape) -> Convolution:
        kernel, sampled = self.kernels[stage], self.pooling != "none"
        return Convolution(
            inputs,
            self.maps[stage],
            kernel,
            self.activation,
            table=TABLES[self.table] if stage == 1 else None,
            stride=1 if sampled else 2,
            padding=0 if sampled else _padding(kernel),
            shared_bias=self.biases == "shared",
        )

    def _output(self, inputs: Shape, classes: int) -> Layer:
        if self.output == "rbf":
            return EuclideanRBF()
        return FullConnection(inputs, classes, self.activation if self.output == "squashed" else None)


def _padding(kernel: int) -> int:
    """Background around maps that a convolution goes over in steps of two, so that it leaves half of each side."""
    return (kernel - 1) // 2
