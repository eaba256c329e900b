"""The numbers that make one LeNet differ from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lenet.errors import InputError, unknown
from lenet.models.layers import ACTIVATIONS, Convolution, FullConnection, Layer, Subsampling
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
    pooling: Literal["max", "mean"] = "max"
    """what a sub-sampling layer keeps of 2 x 2 units"""
    activation: str = "relu"
    """squashing function: tanh, logistic, relu, celu, elu, gelu, hardtanh, leaky-relu, mish, relu6, selu, silu,
    softplus or softsign"""
    hidden: tuple[int, ...] = (120, 84)
    """units of each hidden layer after the stages (120 84: C5 and F6)"""

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
        self._check_sizes()

    def _check_sizes(self) -> None:
        """Walk through the stages: each kernel must fit, each sub-sampling have units to halve."""
        side = self.input_size
        for stage, kernel in enumerate(self.kernels):
            if side < kernel + 1:
                raise InputError(
                    f"stage {stage + 1} (c{2 * stage + 1}) is given {side}x{side} units, too few for its "
                    f"{kernel}x{kernel} kernels and 2x2 sub-sampling: an input size of at least "
                    f"{self._least_input_size()} fits, or smaller kernels, or fewer stages"
                )
            side = (side - kernel + 1) // 2

    def _least_input_size(self) -> int:
        side = 1
        for kernel in reversed(self.kernels):
            side = 2 * side + kernel - 1
        return side

    def check_weights(self, channels: int, classes: int) -> None:
        """Raise `InputError` if the network has more weights than a LeNet can want, before memory is taken for them."""
        below, side, weights = channels, self.input_size, 0
        for maps, kernel in zip(self.maps, self.kernels, strict=True):
            weights += below * maps * kernel**2
            below, side = maps, (side - kernel + 1) // 2
        below *= side**2
        for units in (*self.hidden, classes):
            weights += below * units
            below = units
        within("number of weights", weights, 1, MOST_WEIGHTS)

    def layers(self, channels: int, classes: int) -> Iterator[tuple[str, Layer]]:
        """The named layers in order, for pictures of so many channels and so many classes.

        The names go on counting as the paper does: c1 s2 c3 s4 c5 f6 output. The first hidden layer is a convolution
        whose kernels cover all that the last stage left, as C5's do (section II.B).
        """
        shape = (channels, self.input_size, self.input_size)
        number = 1
        for maps, kernel in zip(self.maps, self.kernels, strict=True):
            convolution = Convolution(shape, maps, kernel, self.activation)
            subsampling = Subsampling(convolution.outputs, self.pooling)
            yield f"c{number}", convolution
            yield f"s{number + 1}", subsampling
            shape, number = subsampling.outputs, number + 2
        for place, units in enumerate(self.hidden):
            hidden: Convolution | FullConnection
            if place == 0:
                hidden = Convolution(shape, units, shape[-1], self.activation)
            else:
                hidden = FullConnection(shape, units, self.activation)
            yield f"{'f' if place else 'c'}{number}", hidden
            shape, number = hidden.outputs, number + 1
        yield "output", FullConnection(shape, classes)
