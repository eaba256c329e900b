"""The layers of a LeNet. A layer is what the paper calls one: a weighted sum *and* its squashing function.

Every layer knows its `outputs`, the shape (maps, height, width) that it makes of one picture, and counts what the
paper counts (section II.B): its trainable parameters, its connections (each unit's inputs and its bias), and
beside them the multiply-accumulates of one forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet.models.activations import ACTIVATIONS
from lenet.models.tables import Table

Shape = tuple[int, int, int]  # maps, height, width

BACKGROUND = -1.0  # what lies around the maps, as far as a convolution looks beyond their edges (1989)


def sum_pool2d(x: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(x, side, divisor_override=1)


POOLINGS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "max": F.max_pool2d,
    "mean": F.avg_pool2d,
    "trainable-mean": F.avg_pool2d,
    "trainable-sum": sum_pool2d,
}


class Layer(nn.Module):
    """What the network's one list holds; the kinds below and in `output` fill it in.

    For each map, `fan_in` is the number of inputs of one of its units, the bias aside; `fan_out` is the number of units
    that an input goes to, in the mean.
    """

    outputs: Shape
    connections: int
    multiplications: int
    fan_in: list[int]
    fan_out: float
    kernel: int | None = None
    activation: str | None = None

    def forward(self, x: Tensor) -> Tensor:
        return self.squash(self.sums(x))

    def sums(self, x: Tensor) -> Tensor:
        """The weighted sums of the layer's units, in the shape of its outputs."""
        raise NotImplementedError

    def squash(self, sums: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](sums) if self.activation else sums

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


class Convolution(Layer, nn.Conv2d):
    """Each map's k x k kernels slide over the maps below; then the squashing function.

    Takes `(N, C, H, W)` and gives `(N, maps, H - k + 1, W - k + 1)`. C1, C3 and C5 (1998, section II.B).

    With a `table` a map sees only some of the maps below: `weight` keeps its full shape, and `connected` takes what is
    absent out of the sums, the gradient and the counts. The network of 1989 makes steps of a `stride`, looks at
    `padding` units of background beyond every edge, and has a bias for each unit where others share one in a map.
    """

    bias: Tensor
    connected: Tensor | None

    def __init__(
        self,
        inputs: Shape,
        maps: int,
        kernel: int,
        activation: str,
        *,
        table: Table | None = None,
        stride: int = 1,
        padding: int = 0,
        shared_bias: bool = True,
    ) -> None:
        below, *sides = inputs
        super().__init__(below, maps, kernel, stride, padding, bias=shared_bias)
        self.kernel = kernel
        self.activation = activation
        height, width = ((side + 2 * padding - kernel) // stride + 1 for side in sides)
        self.outputs = (maps, height, width)
        self.margin = padding
        self.shared_bias = shared_bias
        if not shared_bias:
            self.bias = nn.Parameter(torch.zeros(self.outputs))
        # on the CPU even where weights take no memory, as when a file is loaded: it is in no file
        connected = None if table is None else torch.tensor(table, device="cpu")[:, :, None, None]
        self.register_buffer("connected", connected, persistent=False)

        seen = [below] * maps if table is None else [sum(row) for row in table]
        self.fan_in = [kernel**2 * count for count in seen]
        places = (kernel / stride) ** 2 if height * width > 1 else 1  # at which a kernel meets an input, C5's at one
        self.fan_out = places * sum(seen) / below
        self.multiplications = height * width * sum(self.fan_in)
        self.connections = self.multiplications + math.prod(self.outputs)

    @property
    def is_plain(self) -> bool:
        """Whether it goes over the maps below unit after unit, and no further, with one bias for each map."""
        return self.stride == (1, 1) and not self.margin and self.shared_bias

    @property
    def parameter_count(self) -> int:
        return super().parameter_count - self.weight.numel() + sum(self.fan_in)

    @property
    def connected_weight(self) -> Tensor:
        """The weights, 0 where nothing is connected whatever is stored there."""
        return self.weight if self.connected is None else self.weight * self.connected

    def framed(self, x: Tensor) -> Tensor:
        """The maps below with the background around them that the kernels look at."""
        return F.pad(x, [self.margin] * 4, value=BACKGROUND) if self.margin else x

    def sums(self, x: Tensor) -> Tensor:
        """Kernels as large as the maps have one place: a matrix product, four times as fast so in torch (C5)."""
        x, weight, bias = self.framed(x), self.connected_weight, self.bias if self.shared_bias else None
        if x.shape[-2:] == self.kernel_size:
            sums = F.linear(x.flatten(1), weight.flatten(1), bias)[..., None, None]
        else:
            sums = F.conv2d(x, weight, bias, self.stride)
        return sums if self.shared_bias else sums + self.bias

    def extra_repr(self) -> str:
        table = "" if self.connected is None else f"{int(self.connected.sum())} kernels, "
        biases = "" if self.shared_bias else "unshared biases, "
        return f"{super().extra_repr()}, {table}{biases}{self.activation}"  # type: ignore[no-untyped-call]


class Subsampling(Layer):
    """One unit for every 2 x 2 square of a map: the maximum, the mean, or the papers' trainable sum. S2 and S4.

    Takes `(N, C, H, W)` and gives `(N, C, H // 2, W // 2)`; an odd last row or column is left out.

    Trainable, it is the mean or the sum of the four times the map's coefficient, plus its bias; then the squashing
    function. The paper says mean in section II.A and sum in II.B: the same functions, learned at other speeds.
    """

    kernel = 2
    fan_out = 1

    def __init__(self, inputs: Shape, pooling: str, activation: str | None = None) -> None:
        super().__init__()
        maps, height, width = inputs
        self.pooling = pooling
        self.trainable = pooling.startswith("trainable")
        self.activation = activation if self.trainable else None
        self.outputs = (maps, height // 2, width // 2)
        self.fan_in = [4] * maps
        units = math.prod(self.outputs)
        self.connections = units * (4 + self.trainable)
        self.multiplications = units * self.trainable
        if self.trainable:
            self.weight = nn.Parameter(torch.ones(maps))
            self.bias = nn.Parameter(torch.zeros(maps))

    def pool(self, x: Tensor) -> Tensor:
        """One number of each four."""
        return POOLINGS[self.pooling](x, 2)

    def sums(self, x: Tensor) -> Tensor:
        pooled = self.pool(x)
        return self.weight[:, None, None] * pooled + self.bias[:, None, None] if self.trainable else pooled

    def extra_repr(self) -> str:
        return f"{self.pooling}, {self.activation or 'linear'}" if self.trainable else self.pooling


class FullConnection(Layer, nn.Linear):
    """Every unit sees all the units below; then the squashing function, if there is one. F6, and most outputs.

    Takes `(N, C, H, W)` or `(N, units below)` and gives `(N, units)`.
    """

    def __init__(self, inputs: Shape, units: int, activation: str | None = None) -> None:
        fan_in = math.prod(inputs)
        super().__init__(fan_in, units)
        self.activation = activation
        self.outputs = (units, 1, 1)
        self.fan_in = [fan_in] * units
        self.fan_out = units
        self.connections = units * (fan_in + 1)
        self.multiplications = units * fan_in

    def sums(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, {self.activation or 'linear'}"
