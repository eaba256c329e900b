"""The engine that trains on the CPU with compiled kernels: two pipelines a step, the gradient and the update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache

import halide as hl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.engines.halide.arrays import Kept, view
from lenet.engines.halide.form import Form
from lenet.engines.halide.lower import check
from lenet.engines.halide.pixels import as_words
from lenet.engines.halide.step import MOST_GROUPS, GradientPipeline, Share, chunk_images
from lenet.engines.halide.update import UpdatePipeline, filled, slots
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.network import Network

gradient_pipeline = lru_cache(maxsize=16)(GradientPipeline)
update_pipeline = lru_cache(maxsize=16)(UpdatePipeline)
share_of = lru_cache(Share.of)


class HalideEngine(Kept):
    """Every number a parameter has (its value, momentum, moments, average) is in one array of its own.

    The network's parameters are views of theirs, in torch's order and shapes, so nothing is ever copied.
    """

    name = "halide"

    def __init__(self, network: Network, split: Split, method: Method, device: torch.device) -> None:
        self.device = device
        form, self._images = Form.of(network), chunk_images(method.batch)
        self._gradient = gradient_pipeline(form, self._images, _of_gradient(method))
        length = filled(self._gradient.parameters)
        self._update = update_pipeline(method, self._gradient.parameters)
        super().__init__(network, ("network", *slots(method)), length)
        self._averaged = view(deepcopy(network), self._arrays["average"]) if method.average else None

        self._batch = method.batch
        size = network.architecture.input_size
        self._words = as_words(network.preparation.frame(split.images, size).numpy())
        self._labels = split.labels.astype(np.int32)
        self._gradients = torch.empty((MOST_GROUPS, length)).numpy()
        self._rows = [hl.Buffer(self._gradients[: max(1, groups)]) for groups in range(MOST_GROUPS + 1)]
        self._inputs = [hl.Buffer(array) for array in (self._arrays["network"].numpy(), self._words, self._labels)]
        self._learned = [hl.Buffer(array) for array in (*map(Tensor.numpy, self._arrays.values()), self._tally[:2])]
        self._steps = 0

    @staticmethod
    def check(network: Network, method: Method | None) -> None:
        """Raise `InputError` that names the layer or the optimiser without a kernel, if there is one."""
        check(Form.of(network))
        if method and method.optimiser == "sdlm":
            raise InputError("the halide engine has no kernel for the optimiser sdlm")

    @property
    def network(self) -> Network:
        return self._averaged or self._network

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        """No optimiser of this engine estimates anything."""

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        inputs = [*self._inputs, hl.Buffer(index.astype(np.int32))]
        numbers = [] if distortions is None else [hl.Buffer(distortions)]
        for first, rate in zip(range(0, len(index), self._batch), rates, strict=True):
            count = min(self._batch, len(index) - first)
            share = share_of(count, self._images)
            gradients = self._rows[share.groups]
            self._gradient.call(*inputs, first, count, share.chunks, *numbers, gradients)
            self._steps += 1
            self._update.call(gradients, rate, self._steps, *self._learned)
        self._tally[2] += len(index)

    def state(self) -> dict[str, Tensor]:
        return super().state() | {"steps": torch.tensor(self._steps)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        super().restore(state)
        self._steps = int(state["steps"])


def _of_gradient(method: Method) -> Method:
    """What of a method is compiled into the gradient; methods that differ in the rest share it."""
    return Method(method.loss, method.label_smoothing, method.rubbish, distortion=method.distortion)
