"""From positions in the training split to what a network takes: gathered, distorted and scaled, by torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.data.augment import warp
from lenet.models.network import Network


class Gather:
    """The pictures of a split on a device, as they are stored, and their labels."""

    def __init__(
        self,
        network: Network,
        split: Split,
        device: torch.device,
        warp: Callable[[Tensor, Tensor], Tensor] = warp,
    ) -> None:
        self._warp = warp
        self._preparation = network.preparation
        self._device = device
        self._pictures = network.preparation.frame(split.images, network.architecture.input_size).to(device)
        self._labels = torch.from_numpy(split.labels).to(device)

    def __call__(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> tuple[Tensor, Tensor]:
        """The input `(n, C, H, W)`, float32, and the labels `(n,)` of the pictures at `index`."""
        chosen = torch.from_numpy(index).to(self._device)
        pictures = self._pictures[chosen]
        if distortions is not None:
            pictures = self._warp(pictures, torch.from_numpy(distortions).to(self._device))
        return self._preparation.scale(pictures), self._labels[chosen]
