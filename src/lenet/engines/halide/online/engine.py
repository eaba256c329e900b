"""The engine that learns from single pictures on the CPU, by one compiled pipeline per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.engines.gather import Gather
from lenet.engines.halide.compiled import Buffer, compiled
from lenet.engines.halide.form import Form
from lenet.engines.halide.online.designs import designs, reason_against
from lenet.engines.halide.online.warp import Warp
from lenet.engines.halide.scales import Scales
from lenet.engines.halide.state import EngineState, reason_against_device
from lenet.engines.method import Method
from lenet.models.network import Network
from lenet.models.spec import Spec


class OnlineEngine(EngineState):
    """An `Engine` that learns from single pictures. The network's parameters are views of one flat array.

    The rate of each parameter is multiplied by its entry in `Scales`. Raises `InputError` if the pictures do not fit
    into the network's input.
    """

    name = "halide"

    def __init__(
        self, network: Network, split: Split, method: Method, device: torch.device, *, distortion: int = 0
    ) -> None:
        self.device, self._estimates = device, method.optimiser == "sdlm"
        form = Form.of(network.spec)
        self._step, *distort = (compiled(*design) for design in designs(form, method, distortion))
        # the largest array is read and written fastest if it starts on a cache line
        super().__init__(network, ("network", "curvature"), form.stored, form.largest)
        self._gather = Gather(network.spec, split, device, *map(Warp, distort))
        self._scales = Scales(network, self._gather, method, self._arrays["curvature"], form.largest)

    @classmethod
    def supports(cls, spec: Spec, method: Method, device: torch.device) -> str | None:
        return reason_against_device(device) or reason_against(method)

    @property
    def network(self) -> Network:
        return self._network

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if self._estimates:
            self._scales.estimate(index, distortions)

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        pictures, labels = self._gather(*self._gather.place(index, distortions))
        parameters, tally = Buffer(self._arrays["network"].numpy()), Buffer(self._tally[:2])
        inputs = [Buffer(array) for array in (self._scales.factors.numpy(), pictures.numpy(), labels.int().numpy())]
        for number, rate in zip(range(len(index)), rates, strict=True):
            self._step(parameters, *inputs, number, rate, parameters, tally)
        self._tally[2] += len(index)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        super().restore(state)
        self._scales.update()
