"""The layers of a LeNet as plain data, with the parts and the cost of each one.

As in the paper, a layer is a weighted sum *and* its squashing function. A network is a list of these records. The torch
modules, the compiled kernels, the table of `lenet describe` and the weight file all walk that list. Each record counts
its trainable parameters and its connections (the inputs of each unit and its bias) as the paper does (section II.B). It
also counts the multiply-accumulates of one forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lenet.models.activations import Activation
from lenet.models.codes import CODES
from lenet.models.tables import Table

Shape = tuple[int, int, int]  # maps, height, width

CODE_LENGTH = len(CODES[0])  # the number of units that the RBF output compares with each code


@dataclass(frozen=True)
class Layer:
    """The base class of the four kinds of layers.

    `inputs` is the shape (maps, height, width) of the units below.
    """

    name: str
    inputs: Shape

    @property
    def kind(self) -> str:
        """The name of the kind of layer, as `lenet describe` shows it."""
        return type(self).__name__

    @property
    def outputs(self) -> Shape:
        """The shape (maps, height, width) of the layer's units for one picture."""
        raise NotImplementedError

    @property
    def kernel(self) -> int | None:
        """The side of the square that each unit sees; None if it sees all units below."""
        return None

    @property
    def squashing(self) -> Activation | None:
        """The name of the squashing function; None if the units are the sums themselves."""
        return None

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each array of trainable numbers by name, in the order in which they are stored."""
        return {}

    @property
    def fan_in(self) -> list[int]:
        """The number of inputs of one unit, without its bias, for each map."""
        raise NotImplementedError

    @property
    def fan_out(self) -> float:
        """The number of units that an input away from the edges goes to; with a table, its mean over the maps below."""
        raise NotImplementedError

    @property
    def multiplications(self) -> int:
        """The number of multiply-accumulates in one forward pass of one picture."""
        _, height, width = self.outputs
        return height * width * sum(self.fan_in)

    @property
    def connections(self) -> int:
        """The number of connections as the paper counts them: the inputs of each unit, and its bias."""
        return self.multiplications + math.prod(self.outputs)

    @property
    def stored(self) -> int:
        """The number of stored numbers, including the weights of absent connections."""
        return sum(math.prod(shape) for shape in self.parameters.values())

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters, without the weights of absent connections."""
        return self.stored


@dataclass(frozen=True)
class Convolution(Layer):
    """A convolution with k x k kernels, then the squashing function: C1, C3 and C5 (1998, section II.B).

    It turns `(C, H, W)` into `(maps, H - k + 1, W - k + 1)`, where k is `side`. With a `table`, a map sees only some of
    the maps below. `weight` has its full shape all the same, but absent connections take no part and are not counted.
    The network of 1989 moves its kernels by a `stride`, sees `padding` units of background beyond every edge, and has
    a bias for each unit. With `shared_bias` all units of a map share one.
    """

    maps: int
    side: int
    activation: Activation
    table: Table | None = None
    stride: int = 1
    padding: int = 0
    shared_bias: bool = True

    def __str__(self) -> str:
        details = [
            f"steps of {self.stride}" if self.stride > 1 else "",
            f"{self.padding} units of background" if self.padding else "",
            "" if self.shared_bias else "a bias for each unit",
        ]
        return ", ".join([f"a {self.side}x{self.side} convolution with {self.activation}", *filter(None, details)])

    @property
    def outputs(self) -> Shape:
        _, *sides = self.inputs
        height, width = ((side + 2 * self.padding - self.side) // self.stride + 1 for side in sides)
        return (self.maps, height, width)

    @property
    def kernel(self) -> int:
        return self.side

    @property
    def squashing(self) -> Activation:
        return self.activation

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        weight = (self.maps, self.inputs[0], self.side, self.side)
        return {"weight": weight, "bias": (self.maps,) if self.shared_bias else self.outputs}

    @property
    def seen(self) -> list[int]:
        """The number of maps below that each map sees."""
        return [self.inputs[0]] * self.maps if self.table is None else [sum(row) for row in self.table]

    @property
    def is_plain(self) -> bool:
        """True if the kernels move by one unit, stay within the maps below, and share one bias in each map."""
        return self.stride == 1 and not self.padding and self.shared_bias

    @property
    def fan_in(self) -> list[int]:
        return [self.side**2 * count for count in self.seen]

    @property
    def fan_out(self) -> float:
        _, height, width = self.outputs
        # the number of positions at which a kernel meets an input: one for C5
        positions = (self.side / self.stride) ** 2 if height * width > 1 else 1
        return positions * sum(self.seen) / self.inputs[0]

    @property
    def parameter_count(self) -> int:
        return sum(self.fan_in) + math.prod(self.parameters["bias"])


@dataclass(frozen=True)
class Subsampling(Layer):
    """A sub-sampling of each 2 x 2 square to its maximum, its mean, or the papers' trainable sum: S2 and S4.

    It turns `(C, H, W)` into `(C, H // 2, W // 2)`; an odd last row or column is left out. A trainable layer multiplies
    the mean or the sum of the four units by the map's coefficient, adds the map's bias, and squashes. The paper says
    mean in section II.A and sum in II.B. Both can express the same functions, but they learn them at different speeds.
    """

    pooling: str
    activation: Activation

    def __str__(self) -> str:
        return f"{self.pooling} sub-sampling" + (f" with {self.activation}" if self.trainable else "")

    @property
    def trainable(self) -> bool:
        return self.pooling.startswith("trainable")

    @property
    def share(self) -> float:
        """The factor of each of the four units in their mean (1/4) or their sum (1)."""
        return 1.0 if self.pooling == "trainable-sum" else 1 / 4

    @property
    def outputs(self) -> Shape:
        maps, height, width = self.inputs
        return (maps, height // 2, width // 2)

    @property
    def kernel(self) -> int:
        return 2

    @property
    def squashing(self) -> Activation | None:
        return self.activation if self.trainable else None

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        maps = self.inputs[0]
        return {"weight": (maps,), "bias": (maps,)} if self.trainable else {}

    @property
    def fan_in(self) -> list[int]:
        return [4] * self.inputs[0]

    @property
    def fan_out(self) -> float:
        return 1

    @property
    def multiplications(self) -> int:
        return math.prod(self.outputs) * self.trainable

    @property
    def connections(self) -> int:
        return math.prod(self.outputs) * (4 + self.trainable)


@dataclass(frozen=True)
class FullConnection(Layer):
    """A full connection to all units below, then the squashing function if there is one: F6, and most outputs."""

    units: int
    activation: Activation | None = None

    def __str__(self) -> str:
        return f"a full connection with {self.activation}" if self.activation else "a linear full connection"

    @property
    def outputs(self) -> Shape:
        return (self.units, 1, 1)

    @property
    def squashing(self) -> Activation | None:
        return self.activation

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        return {"weight": (self.units, math.prod(self.inputs)), "bias": (self.units,)}

    @property
    def fan_in(self) -> list[int]:
        return [math.prod(self.inputs)] * self.units

    @property
    def fan_out(self) -> float:
        return self.units


@dataclass(frozen=True)
class EuclideanRBF(Layer):
    """Minus the squared distance of the units below to the fixed code of each class (section II.B, eq. 7).

    In the paper the smallest distance gives the prediction. We change the sign, so that the highest output gives it, as
    in every other network. The layer has no trainable parameters.
    """

    def __str__(self) -> str:
        return "an RBF output"

    @property
    def outputs(self) -> Shape:
        return (len(CODES), 1, 1)

    @property
    def fan_in(self) -> list[int]:
        return [CODE_LENGTH] * len(CODES)

    @property
    def fan_out(self) -> float:
        return len(CODES)

    @property
    def connections(self) -> int:
        return self.multiplications  # its units have no biases
