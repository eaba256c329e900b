"""The engine that learns from single pictures on the CPU, by one compiled pipeline per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.data import Split
from lenet.engines.curvature import curvature
from lenet.engines.gather import Gather
from lenet.engines.halide.compiled import Buffer, compiled
from lenet.engines.halide.form import Form
from lenet.engines.halide.online.designs import designs
from lenet.engines.halide.online.step import KINDS
from lenet.engines.halide.online.warp import Warp
from lenet.engines.halide.state import EngineState, reason_against_device, zeros
from lenet.engines.halide.walk import reason_against
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.models.modules import ConvolutionModule
from lenet.models.network import Network
from lenet.models.spec import Spec


class OnlineEngine(EngineState):
    """An `Engine` that learns from single pictures. The network's parameters are views of one flat array.

    The rate of each parameter is multiplied by a scale. For SDLM the scale is 1 / (h + mu), where h is the estimate of
    the second derivative with respect to the parameter (0 before the first one) and mu is `Method.damping`; for SGD it
    is 1. The weight of a connection that a table leaves out has the scale 0. Raises `InputError` if a layer has no
    kernel, or if the pictures do not fit into the network's input.
    """

    name = "halide"

    def __init__(
        self, network: Network, split: Split, method: Method, device: torch.device, *, distortion: int = 0
    ) -> None:
        self.device, self._method = device, method
        form = Form.of(network.spec)
        self._step, *distort = (compiled(*design) for design in designs(form, method, distortion))
        # the largest array is read and written fastest if it starts on a cache line
        super().__init__(network, ("network", "curvature"), form.stored, form.largest)
        self._connected = parameters_to_vector(_connections(network))
        self._gather, self._loss = Gather(network.spec, split, device, *map(Warp, distort)), make_loss(method)
        self._damping = method.damping if method.optimiser == "sdlm" else 1.0  # without curvature, every scale is 1
        self._scales = zeros(form.stored, form.largest)
        self._scale()

    @classmethod
    def supports(cls, spec: Spec, method: Method, device: torch.device) -> str | None:
        reason = reason_against_device(device)
        if reason is None and method.batch != 1:
            return f"the kernels for single pictures take batches of 1, not of {method.batch}"
        if reason := reason or reason_against(spec.layers, KINDS):
            return reason
        if method.optimiser == "adamw" or method.momentum or method.weight_decay or method.average:
            return "the kernels for single pictures learn by sdlm or sgd, without momentum, weight decay or an average"
        return None

    @property
    def network(self) -> Network:
        return self._network

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if self._method.optimiser == "sdlm":
            x, labels = self._gather(*self._gather.place(index, distortions))
            found = curvature(self._network, x, labels, self._loss)
            self._arrays["curvature"].copy_(parameters_to_vector(found))
            self._scale()

    def _scale(self) -> None:
        self._scales.copy_(self._connected / (self._arrays["curvature"] + self._damping))

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        pictures, labels = self._gather(*self._gather.place(index, distortions))
        parameters, tally = Buffer(self._arrays["network"].numpy()), Buffer(self._tally[:2])
        inputs = [Buffer(array) for array in (self._scales.numpy(), pictures.numpy(), labels.int().numpy())]
        for number, rate in zip(range(len(index)), rates, strict=True):
            self._step(parameters, *inputs, number, rate, parameters, tally)
        self._tally[2] += len(index)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        super().restore(state)
        self._scale()


def _connections(network: Network) -> list[Tensor]:
    """Return a tensor for each parameter, in its shape: 0 where a table leaves out a connection, and 1 elsewhere."""
    ones = {name: torch.ones_like(parameter) for name, parameter in network.named_parameters()}
    for name, module in network.layers.items():
        if isinstance(module, ConvolutionModule) and module.connected is not None:
            ones[f"{name}.weight"] *= module.connected
    return list(ones.values())
