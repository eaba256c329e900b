"""The choices that make one LeNet differ from another."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Annotated, Literal

from lenet.errors import InputError, unknown
from lenet.models.activations import Activation
from lenet.models.codes import CODES
from lenet.models.layers import CODE_LENGTH, Convolution, EuclideanRBF, FullConnection, Layer, Shape, Subsampling
from lenet.models.tables import TABLES
from lenet.records import Range, check, within

Size = Annotated[int, Range(1, 4096)]

MOST_WEIGHTS = 100_000_000  # a larger number is taken for a typing error or a hostile file


@dataclass(frozen=True)
class Architecture:
    """A LeNet as a record: stages of a convolution, with or without sub-sampling, then hidden layers, then the output.

    `input_size` is from 1 to 1024. There are 1 to 16 stages and up to 16 hidden layers. Each number in `maps`,
    `kernels` and `hidden` is from 1 to 4096. Raises `InputError` when a field is out of its range, or when the fields
    do not go together.
    """

    input_size: Annotated[int, Range(1, 1024)] = 32
    """the side of the square input, in pixels"""
    maps: tuple[Size, ...] = (6, 16)
    """the number of feature maps of each stage's convolution (6 16 for C1 and C3)"""
    kernels: tuple[Size, ...] = (5, 5)
    """the side of the kernels of each stage's convolution"""
    table: str = "full"
    """the connection table of the second convolution: full (every map sees all maps below), lenet5-1998 (Table I;
    `maps` must begin with 6 16), lenet1 (4 12) or lenet1989 (12 12)"""
    pooling: Literal["max", "mean", "trainable-mean", "trainable-sum", "none"] = "max"
    """the sub-sampling of each 2 x 2 square of units: max or mean, without parameters; trainable-mean or
    trainable-sum, which multiply the mean or the sum by a coefficient, add a bias and squash (1998); or none: the
    convolutions of the stages then have stride 2 and a padding of (side - 1) // 2, and no sub-sampling follows
    (1989)"""
    biases: Literal["shared", "unshared"] = "shared"
    """the biases of a convolution: shared (one for each map) or unshared (one for each unit, 1989)"""
    activation: Activation = "relu"
    """the squashing function: tanh, scaled-tanh (the papers'), logistic, relu, celu, elu, gelu, hardtanh, leaky-relu,
    mish, relu6, selu, silu, softplus or softsign"""
    hidden: tuple[Size, ...] = (120, 84)
    """the number of units in each hidden layer after the stages (120 84 for C5 and F6)"""
    output: Literal["linear", "squashed", "rbf"] = "linear"
    """the output: linear (weighted sums), squashed (`activation` of the weighted sums) or rbf (minus the squared
    distances to the codes of the ten digits, 1998)"""

    def __post_init__(self) -> None:
        check(self)
        within("number of stages", len(self.maps), 1, 16)
        within("number of hidden layers", len(self.hidden), 0, 16)
        if len(self.kernels) != len(self.maps):
            raise InputError(
                f"{len(self.maps)} stages of maps but {len(self.kernels)} of kernels: give the same number of both"
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
        """Raise an `InputError` unless every stage is given enough units for its kernels and its sub-sampling."""
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
        if self.output == "rbf" and (below := prod(self.layers(1, len(CODES))[-1].inputs)) != CODE_LENGTH:
            raise InputError(
                f"output rbf compares codes of {CODE_LENGTH} units, but the layer below it has {below}: "
                f"take hidden 120 {CODE_LENGTH}, say, or output linear"
            )

    def _left(self, side: int, kernel: int) -> int:
        """Return the side of a stage's output, for kernels of side `kernel` and `side` x `side` units below."""
        if self.pooling == "none":
            return (side + 2 * _padding(kernel) - kernel) // 2 + 1
        return (side - kernel + 1) // 2

    def _least_below(self, side: int, kernel: int) -> int:
        """Return the smallest input side for which a stage's output has side `side`, with kernels of side `kernel`."""
        if self.pooling == "none":
            return 2 * (side - 1) + kernel - 2 * _padding(kernel)
        return 2 * side + kernel - 1

    def _least_input_size(self) -> int:
        side = 1
        for kernel in reversed(self.kernels):
            side = self._least_below(side, kernel)
        return side

    def check_weights(self, channels: int, classes: int) -> None:
        """Raise an `InputError` if the network would store more than `MOST_WEIGHTS` weights and biases.

        `channels` is the number of channels of a picture, `classes` the number of classes. No weight is allocated.
        """
        within("number of weights", sum(layer.stored for layer in self.layers(channels, classes)), 1, MOST_WEIGHTS)

    def check_classes(self, classes: int) -> None:
        """Raise an `InputError` if the output is rbf and `classes`, the number of classes, is not 10."""
        if self.output == "rbf" and classes != len(CODES):
            raise InputError(f"output rbf has codes for {len(CODES)} classes, not for {classes}: take output linear")

    def layers(self, channels: int, classes: int) -> tuple[Layer, ...]:
        """Return the records of the layers in order, for pictures with `channels` channels and for `classes` classes.

        They are named and numbered like those of LeNet-5, c1 s2 c3 s4 c5 f6 output. The first hidden layer is a
        convolution whose kernels cover the whole maps of the last stage, like C5 (section II.B). An rbf output has ten
        units, whatever `classes` is.
        """
        layers: list[Layer] = []
        shape = (channels, self.input_size, self.input_size)
        for stage in range(len(self.maps)):
            layers.append(self._convolution(f"c{len(layers) + 1}", stage, shape))
            if self.pooling != "none":
                below = layers[-1].outputs
                layers.append(Subsampling(f"s{len(layers) + 1}", below, self.pooling, self.activation))
            shape = layers[-1].outputs
        for place, units in enumerate(self.hidden):
            number = len(layers) + 1
            if place == 0:
                layers.append(Convolution(f"c{number}", shape, units, shape[-1], self.activation))
            else:
                layers.append(FullConnection(f"f{number}", shape, units, self.activation))
            shape = layers[-1].outputs
        return (*layers, self._output(shape, classes))

    def _convolution(self, name: str, stage: int, inputs: Shape) -> Convolution:
        kernel, sampled = self.kernels[stage], self.pooling != "none"
        return Convolution(
            name,
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
            return EuclideanRBF("output", inputs)
        return FullConnection("output", inputs, classes, self.activation if self.output == "squashed" else None)


def _padding(kernel: int) -> int:
    """Return the padding with which kernels of side `kernel`, at stride 2, halve each side of the maps.

    An odd side is halved and rounded up if `kernel` is odd, and down if it is even.
    """
    return (kernel - 1) // 2
