"""The gathering of a network's input by torch: pictures at given positions in a split, distorted and scaled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.data.warp import warp
from lenet.models.spec import Spec


class Gather:
    """The uint8 pictures of `split`, fitted to the input size of `spec`, and their labels, on `device`.

    `warp` distorts a batch of pictures by a row of numbers for each. Raises `InputError` if the pictures are too large
    for the input.
    """

    def __init__(
        self, spec: Spec, split: Split, device: torch.device, warp: Callable[[Tensor, Tensor], Tensor] = warp
    ) -> None:
        self._warp, self._preparation, self._device = warp, spec.preparation, device
        framed = spec.preparation.frame(split.pictures, spec.architecture.input_size)
        self._pictures = self._to_device(framed)
        self._labels = self._to_device(split.labels)

    def place(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> tuple[Tensor, Tensor | None]:
        """Return `index` and `distortions` as tensors on the device, for many batches at once."""
        return self._to_device(index), None if distortions is None else self._to_device(distortions)

    def __call__(self, index: Tensor, distortions: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the input `(n, C, H, W)`, float32, and the labels `(n,)` of the pictures at `index`.

        The pictures are distorted by `distortions` `(n, numbers)` unless it is None.
        """
        pictures = self._pictures[index]
        if distortions is not None:
            pictures = self._warp(pictures, distortions)
        return self._preparation.scale(pictures), self._labels[index]

    def _to_device(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(self._device)
