"""The engine that learns from batches on the CPU, by two compiled pipelines per step: the gradient and the update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.engines.gather import Gather
from lenet.engines.halide.batch.designs import designs
from lenet.engines.halide.batch.gradient import MOST_GROUPS, Share, chunk_images
from lenet.engines.halide.batch.update import padded_length, slots
from lenet.engines.halide.compiled import Buffer, compiled
from lenet.engines.halide.form import Form
from lenet.engines.halide.pixels import as_words
from lenet.engines.halide.scales import Scales
from lenet.engines.halide.state import EngineState, move_into, reason_against_device
from lenet.engines.method import Method
from lenet.models.network import Network
from lenet.models.spec import Spec

share_of = lru_cache(Share.of)


class BatchEngine(EngineState):
    """An `Engine` that learns from batches. Each quantity, such as weights or momentum, is one flat array.

    The network's parameters are views of the array of weights, in torch's order and shapes, so no step copies them.
    Raises `InputError` if the pictures do not fit into the network's input.
    """

    name = "halide"

    def __init__(
        self, network: Network, split: Split, method: Method, device: torch.device, *, distortion: int = 0
    ) -> None:
        spec = network.spec
        self._images = chunk_images(method.batch)
        form = Form.of(spec)
        length = padded_length(form.stored)
        updated = ("network", *slots(method))
        super().__init__(network, (*updated, "curvature") if method.optimiser == "sdlm" else updated, length)
        self._gradient, self._update = (compiled(*design) for design in designs(form, method, distortion))
        self._averaged = move_into(deepcopy(network), self._arrays["average"]) if method.average else None

        self.device, self._batch, self._steps = device, method.batch, 0
        framed = spec.preparation.frame(split.pictures, spec.architecture.input_size)
        self._words = as_words(framed)
        self._labels = split.labels.astype(np.int32)
        self._gradients = torch.empty((MOST_GROUPS, length)).numpy()
        self._rows = [Buffer(self._gradients[: max(1, groups)]) for groups in range(MOST_GROUPS + 1)]
        self._inputs = [Buffer(array) for array in (self._arrays["network"].numpy(), self._words, self._labels)]
        changed = [self._arrays[name].numpy() for name in updated]
        self._updated = [Buffer(array) for array in (*changed, self._tally[:2])]
        self._scales: Scales | None = None
        self._factors: list[Buffer] = []
        if method.optimiser == "sdlm":
            gather = Gather(spec, Split(framed, split.labels), device)  # the frame is not made again
            self._scales = Scales(network, gather, method, self._arrays["curvature"])
            self._factors = [Buffer(self._scales.factors.numpy())]

    @classmethod
    def supports(cls, spec: Spec, method: Method, device: torch.device) -> str | None:
        return reason_against_device(device)

    @property
    def network(self) -> Network:
        return self._averaged or self._network

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if self._scales:
            self._scales.estimate(index, distortions)

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        inputs = [*self._inputs, Buffer(index.astype(np.int32))]
        numbers = [] if distortions is None else [Buffer(distortions)]
        for first, rate in zip(range(0, len(index), self._batch), rates, strict=True):
            count = min(self._batch, len(index) - first)
            share = share_of(count, self._images)
            gradients = self._rows[share.groups]
            self._gradient(*inputs, first, count, share.chunks, *numbers, gradients)
            self._steps += 1
            self._update(gradients, rate, self._steps, *self._factors, *self._updated)
        self._tally[2] += len(index)

    def state(self) -> dict[str, Tensor]:
        return super().state() | {"steps": torch.tensor(self._steps)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        super().restore(state)
        self._steps = int(state["steps"])
        if self._scales:
            self._scales.update()
