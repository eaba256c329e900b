"""The way from a stored picture to the input of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError
from lenet.records import check, within

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 4096  # pictures resized at a time, so that the memory needed does not grow with the data set


@dataclass(frozen=True)
class Preparation:
    """The preparation of a picture of grey levels (0 to 255) as the input of a network.

    The 1998 paper pads 28x28 to 32x32 with background; a tutorial resizes instead. The paper's levels are -0.1 for
    background and 1.175 for ink (section II.B); here that is a mean of 0.1/1.275 and a std of 1/1.275. Raises
    `InputError` when a field is out of its range.
    """

    fit: Literal["pad", "resize"] = "pad"
    """the fit of a picture to the size of the input: pad (background around it) or resize (bilinear scaling)"""
    mean: float = 0.0
    """the mean to subtract from the levels, which run from 0 (background) to 1 (ink)"""
    std: float = 1.0
    """the standard deviation by which the levels are divided after that"""

    def __post_init__(self) -> None:
        check(self)
        within("mean", self.mean, -10, 10)
        within("std", self.std, 1e-3, 1e3)

    def frame(self, pictures: NDArray[np.uint8], size: int, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Return the `pictures` `(N, C, H, W)`, centred on background in `(N, C, size, size)`; both are uint8.

        The result is stored row by row. Pictures that have this order and size already are not copied. With `out`, an
        array of the result's shape, the pictures are written there, what lies around them is left alone, and `out` is
        returned. Raises `InputError` when the
        pictures must be padded but are larger than the input.
        """
        height, width = pictures.shape[-2:]
        if self.fit == "pad" and max(height, width) > size:
            raise InputError(
                f"pictures of {height}x{width} do not fit the network's input of {size}x{size}: "
                f"let them be resized (fit) or the input be larger (input size {max(height, width)})"
            )
        if out is None and (height, width) == (size, size):
            # torch would take other strides, even of an axis of length 1, for channels last
            return pictures.ravel().reshape(pictures.shape)
        framed = np.zeros((*pictures.shape[:2], size, size), np.uint8) if out is None else out
        for start in range(0, len(pictures), CHUNK):
            chunk = pictures[start : start + CHUNK]
            if self.fit == "resize":
                chunk = _resize(chunk, size)
            height, width = chunk.shape[-2:]
            top, left = (size - height) // 2, (size - width) // 2
            framed[start : start + CHUNK, :, top : top + height, left : left + width] = chunk
        return framed

    def scale(self, levels: Tensor) -> Tensor:
        """Return the `levels` from 0 to 255, of any type and shape, as float32 network input."""
        return levels.mul(1 / (255 * self.std)).sub_(self.mean / self.std)


def _resize(pictures: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return `pictures` with the longer side scaled to `size`, at the same aspect.

    The scaling is bilinear with anti-aliasing, as in Pillow.
    """
    import torch
    import torch.nn.functional as F

    height, width = pictures.shape[-2:]
    factor = size / max(height, width)
    target = [max(1, round(height * factor)), max(1, round(width * factor))]
    tensor = torch.from_numpy(np.require(pictures, requirements=["C", "W"]))
    resized = F.interpolate(tensor, target, mode="bilinear", antialias=True, align_corners=False)
    return np.asarray(resized)
