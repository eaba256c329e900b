"""The preparation of the pictures of a split as the input of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError
from lenet.records import Range, check

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 4096  # pictures resized at a time, so that the memory needed does not grow with the data set


@dataclass(frozen=True)
class Preparation:
    """The preparation of a picture, with levels from 0 to 255, as the input of a network.

    First comes `fit`, then `mean` and `std`. The 1998 paper pads 28x28 to 32x32 with background. Its levels of -0.1 for
    background and 1.175 for ink (section II.B) follow from a mean of 0.1/1.275 and a std of 1/1.275. Raises
    `InputError` when a value is not accepted.
    """

    fit: Literal["pad", "resize"] = "pad"
    """the way a picture is fitted to the input: pad (background around it) or resize (bilinear, same aspect ratio)"""
    mean: Annotated[float, Range(-10, 10)] = 0.0
    """the mean to subtract from the levels, which run from 0 (background) to 1 (ink)"""
    std: Annotated[float, Range(1e-3, 1e3)] = 1.0
    """the standard deviation by which the levels are divided once `mean` is subtracted"""

    def __post_init__(self) -> None:
        check(self)

    def frame(self, pictures: NDArray[np.uint8], size: int, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Return the uint8 `pictures` `(N, C, H, W)`, fitted and centred on background in `(N, C, size, size)`.

        The background is 0. If `out`, an array of the result's shape, is given, the pictures are written into its
        centre, the rest of it is left unchanged, and `out` is returned. Otherwise the result is C-contiguous, and
        pictures that have this layout and size already are not copied. Raises `InputError` when `fit` is "pad" and the
        pictures are larger than `size`.
        """
        height, width = pictures.shape[-2:]
        if self.fit == "pad" and max(height, width) > size:
            raise InputError(
                f"pictures of {height}x{width} do not fit the network's input of {size}x{size}: "
                f"let them be resized (fit) or the input be larger (input size {max(height, width)})"
            )
        if out is None and (height, width) == (size, size):
            # ravel resets the strides: torch would take unusual ones, even of an axis of length 1, for channels last
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
        """Return the input `(levels / 255 - mean) / std`, float32, for `levels` from 0 to 255 of any shape.

        The levels are integers or float32.
        """
        return levels.mul(1 / (255 * self.std)).sub_(self.mean / self.std)


def _resize(pictures: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return `pictures` `(N, C, H, W)` scaled so that the longer side is `size`, at an unchanged aspect ratio.

    The shorter side is rounded to whole pixels. The scaling is bilinear with anti-aliasing, as in Pillow.
    """
    import torch
    import torch.nn.functional as F

    height, width = pictures.shape[-2:]
    factor = size / max(height, width)
    target = [max(1, round(height * factor)), max(1, round(width * factor))]
    tensor = torch.from_numpy(np.require(pictures, requirements=["C", "W"]))
    resized = F.interpolate(tensor, target, mode="bilinear", antialias=True, align_corners=False)
    return np.asarray(resized)
