"""The engine that trains on the CPU by single patterns, with compiled kernels: one pipeline a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import halide as hl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.data import Split
from lenet.data.augment import warp
from lenet.engines.curvature import curvature
from lenet.engines.gather import Gather
from lenet.engines.halide.arrays import Kept, zeros
from lenet.engines.halide.form import Form
from lenet.engines.halide.online.lower import lower
from lenet.engines.halide.online.planes import Step
from lenet.engines.halide.online.step import OnlinePipeline
from lenet.engines.halide.online.warp import Warp
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.layers import Convolution
from lenet.models.network import Network

pipeline = lru_cache(maxsize=8)(OnlinePipeline)
make_warp = lru_cache(maxsize=8)(Warp)


class OnlineEngine(Kept):
    """The parameters are one array, `network`, of which the torch module's are views.

    Of SDLM it keeps the second derivatives, and the scales made of them: 0 where a table leaves a connection out.
    """

    name = "halide"

    def __init__(self, network: Network, split: Split, method: Method, device: torch.device) -> None:
        self.device, self._method = device, method
        form = Form.of(network)
        self._step = pipeline(form, method)
        super().__init__(network, ("network", "curvature"), self._step.parameters, self._step.largest)
        self._connected = parameters_to_vector(_connections(network))
        compiled = make_warp(form.inputs, method.distortion) if method.distortion else warp
        self._gather, self._loss = Gather(network, split, device, compiled), make_loss(method)
        self._damping = method.damping if method.optimiser == "sdlm" else 1.0  # beside no curvature, a scale of 1
        self._scales = zeros(self._step.parameters, self._step.largest)
        self._scale()

    @staticmethod
    def check(network: Network, method: Method | None) -> None:
        """Raise `InputError` that names the layer, or what of the method, has no kernel, if there is one."""
        if method and (method.optimiser == "adamw" or method.momentum or method.weight_decay or method.average):
            raise InputError(
                "the halide engine learns from single patterns by sdlm, or by sgd without momentum, weight decay and "
                "average"
            )
        for _ in lower(Form.of(network), Step(hl.ImageParam(hl.Float(32), 1))):
            pass

    @property
    def network(self) -> Network:
        return self._network

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if self._method.optimiser == "sdlm":
            found = curvature(self._network, *self._gather(index, distortions), self._loss)
            self._arrays["curvature"].copy_(parameters_to_vector(found))
            self._scale()

    def _scale(self) -> None:
        self._scales.copy_(self._connected / (self._arrays["curvature"] + self._damping))

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        pictures, labels = self._gather(index, distortions)
        parameters, tally = hl.Buffer(self._arrays["network"].numpy()), hl.Buffer(self._tally[:2])
        inputs = [hl.Buffer(array) for array in (self._scales.numpy(), pictures.numpy(), labels.int().numpy())]
        for number, rate in zip(range(len(index)), rates, strict=True):
            self._step.call(parameters, *inputs, number, rate, parameters, tally)
        self._tally[2] += len(index)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        super().restore(state)
        self._scale()


def _connections(network: Network) -> list[Tensor]:
    """For each parameter 1, or 0 where its table leaves it out."""
    ones = {name: torch.ones_like(parameter) for name, parameter in network.named_parameters()}
    for name, layer in network.layers.items():
        if isinstance(layer, Convolution) and layer.connected is not None:
            ones[f"{name}.weight"] *= layer.connected
    return list(ones.values())
