"""The layers in torch, on any device: their arithmetic defines what every engine computes.

There is one class of modules for each kind of record in `lenet.models.layers`. The parameters of a new module are
zeros; `lenet.models.initialise` or a weight file replaces them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet.models.activations import A, Activation, S
from lenet.models.codes import CODES
from lenet.models.layers import BACKGROUND, Convolution, EuclideanRBF, FullConnection, Layer, Subsampling


def scaled_tanh(a: Tensor) -> Tensor:
    """Return f(a) = A tanh(S a), with A = 1.7159 and S = 2/3.

    f(1) is nearly 1 and f(-1) nearly -1; close to these two points the absolute value of the second derivative is
    largest (1998, appendix A).
    """
    return A * torch.tanh(S * a)


SQUASH: dict[Activation, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "scaled-tanh": scaled_tanh,
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


def sum_pool2d(x: Tensor, side: int) -> Tensor:
    """Return the sums of the maps `x` `(N, C, H, W)` over disjoint `side` x `side` squares.

    The result is `(N, C, H // side, W // side)`; incomplete squares are left out.
    """
    return F.avg_pool2d(x, side, divisor_override=1)


POOLINGS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "max": F.max_pool2d,
    "mean": F.avg_pool2d,
    "trainable-mean": F.avg_pool2d,
    "trainable-sum": sum_pool2d,
}


class LayerModule(nn.Module):
    """The torch module of a layer: `forward` computes the `sums` and then applies `squash`.

    `layer` is the record that the module was made from.
    """

    layer: Layer

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        for name, shape in layer.parameters.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's units for the units `x` of the layer below."""
        return self.squash(self.sums(x))

    def sums(self, x: Tensor) -> Tensor:
        """Return the layer's sums, one for each of its units, for the units `x` below; `squash` takes these sums."""
        raise NotImplementedError

    def squash(self, sums: Tensor) -> Tensor:
        """Apply the layer's squashing function to `sums`; return `sums` unchanged if the layer has none."""
        return SQUASH[self.layer.squashing](sums) if self.layer.squashing else sums

    def extra_repr(self) -> str:
        """Return the layer in words, for torch to show when it prints the module."""
        return str(self.layer)


class ConvolutionModule(LayerModule):
    """A convolution from `(N, C, H, W)` to `(N, maps, H', W')`; see `lenet.models.layers.Convolution`."""

    layer: Convolution
    weight: Tensor
    bias: Tensor
    connected: Tensor | None

    def __init__(self, layer: Convolution) -> None:
        super().__init__(layer)
        # on the CPU even under the device meta, as when a file is loaded: the file does not hold this buffer
        connected = None if layer.table is None else torch.tensor(layer.table, device="cpu")[:, :, None, None]
        self.register_buffer("connected", connected, persistent=False)

    @property
    def connected_weight(self) -> Tensor:
        """The weights `(maps, C, k, k)`, with 0 for absent connections, whatever finite numbers are stored there."""
        return self.weight if self.connected is None else self.weight * self.connected

    def framed(self, x: Tensor) -> Tensor:
        """Return the maps `x` of the layer below, padded at every edge with `layer.padding` units of `BACKGROUND`."""
        return F.pad(x, [self.layer.padding] * 4, value=BACKGROUND) if self.layer.padding else x

    def sums(self, x: Tensor) -> Tensor:
        """Return the weighted sums `(N, maps, H', W')` of the maps `x` of the layer below.

        Kernels as large as the maps (C5) fit in one position. A matrix product is then faster in torch than a
        convolution.
        """
        x, weight, bias = self.framed(x), self.connected_weight, self.bias if self.layer.shared_bias else None
        if x.shape[-2:] == weight.shape[-2:]:
            sums = F.linear(x.flatten(1), weight.flatten(1), bias)[..., None, None]
        else:
            sums = F.conv2d(x, weight, bias, self.layer.stride)
        return sums if self.layer.shared_bias else sums + self.bias


class SubsamplingModule(LayerModule):
    """A sub-sampling from `(N, C, H, W)` to `(N, C, H // 2, W // 2)`; see `lenet.models.layers.Subsampling`."""

    layer: Subsampling
    weight: Tensor
    bias: Tensor

    def pool(self, x: Tensor) -> Tensor:
        """Return the maximum, mean or sum, by `layer.pooling`, of each 2 x 2 square of the maps `x`."""
        return POOLINGS[self.layer.pooling](x, 2)

    def sums(self, x: Tensor) -> Tensor:
        pooled = self.pool(x)
        return self.weight[:, None, None] * pooled + self.bias[:, None, None] if self.layer.trainable else pooled


class FullConnectionModule(LayerModule):
    """A full connection from `(N, C, H, W)` or `(N, units below)` to `(N, units)`.

    See `lenet.models.layers.FullConnection`.
    """

    layer: FullConnection
    weight: Tensor
    bias: Tensor

    def sums(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.weight, self.bias)


class EuclideanRBFModule(LayerModule):
    """An RBF output from 84 units, `(N, 84)` or `(N, C, H, W)`, to `(N, 10)`.

    See `lenet.models.layers.EuclideanRBF`.
    """

    layer: EuclideanRBF
    codes: Tensor

    def __init__(self, layer: EuclideanRBF) -> None:
        super().__init__(layer)
        # on the CPU even under the device meta, as when a file is loaded: the file does not hold the codes
        codes = torch.tensor(CODES, dtype=torch.get_default_dtype(), device="cpu")
        self.register_buffer("codes", codes, persistent=False)

    def sums(self, x: Tensor) -> Tensor:
        return -(x.flatten(1)[:, None] - self.codes).square().sum(2)


MODULES: dict[type[Layer], Callable[..., LayerModule]] = {
    Convolution: ConvolutionModule,
    Subsampling: SubsamplingModule,
    FullConnection: FullConnectionModule,
    EuclideanRBF: EuclideanRBFModule,
}


def make_module(layer: Layer) -> LayerModule:
    """Return the torch module of the record `layer`."""
    return MODULES[type(layer)](layer)
