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

Shape = tuple[int, int, int]  # maps, height, width

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "relu": F.relu,
    "celu": F.celu,
    "elu": F.elu,
    "gelu": F.gelu,
    "hardtanh": F.hardtanh,
    "leaky-relu": F.leaky_relu,
    "mish": F.mish,
    "relu6": F.relu6,
    "selu": F.selu,
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
}

POOLINGS: dict[str, Callable[[Tensor, int], Tensor]] = {"max": F.max_pool2d, "mean": F.avg_pool2d}


class Layer(nn.Module):
    """What the network's one list holds; the three kinds below fill it in."""

    outputs: Shape
    connections: int
    multiplications: int
    kernel: int | None = None

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


class Convolution(nn.Conv2d, Layer):
    """Each map's k x k kernels slide over all the maps below; then the squashing function.

    Takes `(N, C, H, W)` and gives `(N, maps, H - k + 1, W - k + 1)`. C1, C3 and C5 (paper, section II.B).
    """

    def __init__(self, inputs: Shape, maps: int, kernel: int, activation: str) -> None:
        channels, height, width = inputs
        super().__init__(channels, maps, kernel)
        self.kernel = kernel
        self.activation = activation
        self.outputs = (maps, height - kernel + 1, width - kernel + 1)
        fan_in, units = channels * kernel**2, math.prod(self.outputs)
        self.connections = units * (fan_in + 1)
        self.multiplications = units * fan_in

    def forward(self, x: Tensor) -> Tensor:
        return ACTIVATIONS[self.activation](self._sums(x))

    def _sums(self, x: Tensor) -> Tensor:
        """Kernels as large as the maps have one place: a matrix product, four times as fast so in torch (C5)."""
        if x.shape[-2:] != self.kernel_size:
            return super().forward(x)
        return F.linear(x.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, {self.activation}"  # type: ignore[no-untyped-call]


class Subsampling(Layer):
    """The maximum or the mean of every 2 x 2 square of a map: half the height and width.

    Takes `(N, C, H, W)` and gives `(N, C, H // 2, W // 2)`; an odd last row or column is left out. S2 and S4.
    """

    kernel = 2
    multiplications = 0

    def __init__(self, inputs: Shape, pooling: str) -> None:
        super().__init__()
        maps, height, width = inputs
        self.pooling = pooling
        self.outputs = (maps, height // 2, width // 2)
        self.connections = math.prod(self.outputs) * 4

    def forward(self, x: Tensor) -> Tensor:
        return POOLINGS[self.pooling](x, 2)

    def extra_repr(self) -> str:
        return self.pooling


class FullConnection(nn.Linear, Layer):
    """Every unit sees all the units below; then the squashing function, if there is one. F6 and a linear output.

    Takes `(N, C, H, W)` or `(N, units below)` and gives `(N, units)`.
    """

    def __init__(self, inputs: Shape, units: int, activation: str | None = None) -> None:
        fan_in = math.prod(inputs)
        super().__init__(fan_in, units)
        self.activation = activation
        self.outputs = (units, 1, 1)
        self.connections = units * (fan_in + 1)
        self.multiplications = units * fan_in

    def forward(self, x: Tensor) -> Tensor:
        sums = super().forward(x.flatten(1))
        return ACTIVATIONS[self.activation](sums) if self.activation else sums

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, {self.activation or 'linear'}"
