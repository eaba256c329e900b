"""The layers of a LeNet as plain data, with the parameters and the cost of each layer.

As in the paper, a layer is a weighted sum *and* its squashing function. A network is a list of these records. The torch
modules, the compiled kernels, the table of `lenet describe` and the weight file are all made from that list. Each
record counts its trainable parameters and its connections as the paper does (section II.B): a unit has one connection
for each input and one for its bias, if it has a bias. A record also counts the multiply-accumulates of a forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lenet.models.activations import Activation
from lenet.models.codes import CODES
from lenet.models.tables import Table

Shape = tuple[int, int, int]  # maps, height, width

BACKGROUND = -1.0  # the level beyond the edges of the maps, where a convolution has padding (1989)
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
        """The side of the square that each unit sees in a map below; None for a full connection or an RBF output."""
        return None

    @property
    def squashing(self) -> Activation | None:
        """The name of the squashing function; None if the units are the sums themselves."""
        return None

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the layer's arrays of parameters, by name, in the order in which the torch module has them."""
        return {}

    @property
    def fan_in(self) -> list[int]:
        """For each map, the number of inputs of one unit; the bias is not counted."""
        raise NotImplementedError

    @property
    def fan_out(self) -> float:
        """The mean number of units that see an input.

        Edges are ignored, unless each map of the layer is a single unit (C5).
        """
        raise NotImplementedError

    @property
    def multiplications(self) -> int:
        """The number of multiply-accumulates in a forward pass for one picture; 0 for max and mean sub-sampling."""
        _, height, width = self.outputs
        return height * width * sum(self.fan_in)

    @property
    def connections(self) -> int:
        """The number of connections as the paper counts them: the inputs of each unit, and its bias if it has one."""
        return self.multiplications + math.prod(self.outputs)

    @property
    def stored(self) -> int:
        """The number of stored values, including the weights of absent connections."""
        return sum(math.prod(shape) for shape in self.parameters.values())

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters, without the weights of absent connections."""
        return self.stored


@dataclass(frozen=True)
class Convolution(Layer):
    """A convolution with k x k kernels, then the squashing function: C1, C3 and C5 (1998, section II.B).

    It turns `(C, H, W)` into `(maps, H', W')` with H' = (H + 2 `padding` - k) // `stride` + 1, where k is `side`, and
    W' likewise. `padding` is the width of the background added at every edge (1989). With a `table`, a map sees only
    those maps below that the table connects to it. `weight` has the shape `(maps, C, k, k)` even then, but absent
    connections take no part, and only `stored` counts them. There is one bias for each map if `shared_bias` is true,
    and otherwise one for each unit (1989).
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
            f"stride {self.stride}" if self.stride > 1 else "",
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
        """For each map, the number of maps below that it sees."""
        return [self.inputs[0]] * self.maps if self.table is None else [sum(row) for row in self.table]

    @property
    def sees_all(self) -> bool:
        """True if the kernels are as large as the maps, without padding, and there is no table, as in C5.

        Each unit then sees all the units below.
        """
        return self.inputs[1:] == (self.side, self.side) and not self.padding and self.table is None

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
    """A sub-sampling of each 2 x 2 square to its maximum, its mean, or a trainable mean or sum: S2 and S4.

    It turns `(C, H, W)` into `(C, H // 2, W // 2)`; the last row or column of an odd side is left out. A trainable
    layer multiplies the mean or the sum of the four units by the map's coefficient, adds the map's bias, and squashes.
    The paper says mean in section II.A and sum in section II.B. Both can express the same functions, but a network
    learns at different speeds with them.
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
        """The factor by which each of the four units is multiplied: 1/4 for a mean, 1 for a sum; unused for max."""
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
    """A full connection to all units below, then `activation` unless it is None: F6, and most output layers."""

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
    """An RBF output: minus the squared distance between the units below and each class's code (section II.B, eq. 7).

    The ten codes of 84 units are fixed, so there are no trainable parameters. In the paper the smallest distance gives
    the prediction. Here the sign is changed, so that the highest output does, as in every other network.
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
