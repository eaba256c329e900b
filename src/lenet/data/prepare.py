"""From a picture as it is stored to what a network takes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lenet.errors import InputError
from lenet.records import check, within

CHUNK = 4096  # pictures framed at a time, so that the memory needed does not grow with the data set


@dataclass(frozen=True)
class Preparation:
    """How a picture of grey levels 0 to 255 becomes the input of a network.

    The 1998 paper pads 28x28 to 32x32 with background; a tutorial resizes instead. Its levels are -0.1 for
    background and 1.175 for ink (section II.B), here mean 0.1/1.275 and std 1/1.275.
    """

    fit: Literal["pad", "resize"] = "pad"
    """how a picture becomes as large as the input: background around it, or bilinear scaling"""
    mean: float = 0.0
    """subtracted from the levels, which run from 0 (background) to 1 (ink)"""
    std: float = 1.0
    """divides the levels after that"""

    def __post_init__(self) -> None:
        check(self)
        within("mean", self.mean, -10, 10)
        within("std", self.std, 1e-3, 1e3)

    def frame(self, images: NDArray[np.uint8], size: int) -> Tensor:
        """Pictures `(N, C, H, W)` uint8, centred in `(N, C, size, size)` uint8; done once, before training.

        Raises `InputError` when pictures are to be padded and are larger than the input.
        """
        height, width = images.shape[-2:]
        if self.fit == "pad" and max(height, width) > size:
            raise InputError(
                f"pictures of {height}x{width} do not fit the network's input of {size}x{size}: "
                f"let them be resized (fit) or the input be larger (input size {max(height, width)})"
            )
        framed = torch.zeros((len(images), images.shape[1], size, size), dtype=torch.uint8)
        for start in range(0, len(images), CHUNK):
            pictures = torch.from_numpy(images[start : start + CHUNK])
            if self.fit == "resize":
                pictures = _resize(pictures, size)
            height, width = pictures.shape[-2:]
            top, left = (size - height) // 2, (size - width) // 2
            framed[start : start + CHUNK, :, top : top + height, left : left + width] = pictures
        return framed

    def scale(self, levels: Tensor) -> Tensor:
        """Grey levels from 0 to 255, of any type and shape, as float32 network input."""
        return torch.mul(levels, 1 / (255 * self.std)).sub_(self.mean / self.std)


def _resize(pictures: Tensor, size: int) -> Tensor:
    """The longer side becomes `size`, the aspect stays; bilinear with anti-aliasing, as Pillow's."""
    height, width = pictures.shape[-2:]
    factor = size / max(height, width)
    target = [max(1, round(height * factor)), max(1, round(width * factor))]
    return F.interpolate(pictures, target, mode="bilinear", antialias=True, align_corners=False)
