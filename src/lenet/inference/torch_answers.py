"""The answers of a network by torch, on any device."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray

from lenet.models.network import Network

BATCH = 1000  # pictures that torch is asked about at a time, so that memory does not grow with their number


class TorchAnswers:
    """The logits of `network` by torch, `BATCH` pictures at a time, with a copy of the network on its device."""

    def __init__(self, network: Network) -> None:
        self._network = deepcopy(network)
        self._device = next(network.parameters()).device

    @torch.no_grad()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits `(N, classes)`, float32, of the uint8 `pictures` `(N, C, H, W)`.

        Pictures of another size are first framed by `Preparation.frame`. Raises `InputError` if they must be padded but
        are larger than the network's input.
        """
        spec = self._network.spec
        logits = np.empty((len(pictures), len(spec.classes)), np.float32)
        for start in range(0, len(pictures), BATCH):
            framed = spec.preparation.frame(pictures[start : start + BATCH], spec.architecture.input_size)
            # flat first: an axis of length 1 may have any stride, and torch rounds differently for some strides
            flat = np.require(framed.ravel(), requirements=["W"])  # torch warns of an array that is read-only
            levels = torch.from_numpy(flat).view(framed.shape).to(self._device)
            logits[start : start + BATCH] = self._network(spec.preparation.scale(levels)).cpu()
        return logits
