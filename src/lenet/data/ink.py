"""Find the ink in a picture: its strength at every pixel, whatever the colours of the ink and of the paper.

The paper is what most of the picture's border shows, or a smooth surface where light and shadow change it. The colour
of the ink is that of the pixels that differ most from the paper. The strength of a pixel is the distance from paper to
ink that its colour has gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    Levels = NDArray[np.float32]

EVEN = 6  # levels: paper whose border differs less from its median is of one colour
COARSE = 64  # pixels on the longer side of the copy in which the surface of uneven paper is sought
DEEPEST = 0.25  # of the light where it is brightest
FEW = 1 / 500  # the share of the pixels that show the colour of the ink
LEAST_CONTRAST = 8  # levels: what differs less from the paper is no ink
NOISE = 6  # times the noise: likewise


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture: its `strength` `(H, W)`, float32, from 0 (paper) to 1 (ink of full strength).

    `contrast` is the largest difference between ink and paper in a channel, and `noise` the usual difference of a pixel
    of paper from the paper, both in levels of 255.
    """

    strength: Levels
    contrast: float
    noise: float

    @property
    def found(self) -> bool:
        """Whether there is any ink: a contrast that is visible, and far above the noise."""
        return self.contrast >= max(LEAST_CONTRAST, NOISE * self.noise)


def find_ink(image: Image.Image, longest: int) -> Ink:
    """Return the ink of `image`, of the mode L or RGB, once it is shrunk to at most `longest` pixels a side."""
    levels = _within_frame(_levels(_shrunk(image, longest)))
    difference = _from_paper(levels)
    size = np.abs(difference).max(2).ravel()
    few = min(size.size, max(12, round(size.size * FEW)))
    strongest = np.argpartition(size, -few)[-few:]
    ink = np.median(difference.reshape(-1, difference.shape[2])[strongest], axis=0)
    strength = difference @ (ink / max(float(ink @ ink), 1e-6))
    contrast = float(np.abs(ink).max())
    return Ink(strength.clip(0, 1), contrast, float(1.4826 * np.median(np.abs(strength)) * contrast))


def _shrunk(image: Image.Image, longest: int) -> Image.Image:
    factor = longest / max(image.size)
    if factor >= 1:
        return image
    return image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.BOX
    )


def _levels(image: Image.Image) -> Levels:
    """Return the levels `(H, W, channels)` of `image` as float32."""
    levels = np.asarray(image, np.float32)
    return levels[..., None] if levels.ndim == 2 else levels


def _within_frame(levels: Levels) -> Levels:
    """Return `levels` without an even frame around the paper: rows and columns at the edges that have its colour."""
    frame, even = _border(levels)
    paper = np.median(levels, axis=(0, 1))
    if not even or np.abs(frame - paper).max() <= 2 * EVEN:
        return levels
    inner = []
    for axis in (1, 0):
        usual = np.median(levels, axis=axis)
        places = np.flatnonzero(np.abs(usual - paper).max(1) < np.abs(usual - frame).max(1))
        inner.append(slice(places[0] + 1, places[-1]) if len(places) > 2 else slice(None))  # less a blurred edge
    return levels[inner[0], inner[1]]


def _from_paper(levels: Levels) -> Levels:
    """Return the difference of `levels` from the paper; on uneven paper, only what is darker (or lighter) counts.

    Light multiplies what paper and ink send back, so that ink in the shade differs less from the paper. Paper in a
    deeper shade than `DEEPEST` is not brightened further, as nothing but noise would be.
    """
    usual, even = _border(levels)
    if even:
        return levels - usual
    paper, dark_ink = _surface(levels)
    if not dark_ink:
        return (levels - paper).clip(0, None)
    difference: Levels = (levels - paper) * (paper.max() / np.maximum(paper, DEEPEST * paper.max()))
    return difference.clip(None, 0)


def _border(levels: Levels) -> tuple[Levels, bool]:
    """Return the median colour `(channels,)` of the border of `levels`, and whether most of the border has it."""
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    usual: Levels = np.median(border, axis=0)
    return usual, bool((np.abs(border - usual).max(1) > EVEN).mean() < 0.4)


def _surface(levels: Levels) -> tuple[Levels, bool]:
    """Return the paper at every pixel of `levels`, and whether the ink is dark.

    The paper is a closing (for light ink, an opening) of a coarse copy.

    The ink is dark if the levels below the local median lie further from it than those above it (by their cubes).
    """
    height, width, channels = levels.shape
    coarse = [_shrunk(Image.fromarray(levels[..., channel]), COARSE) for channel in range(channels)]
    planes = [Image.fromarray(np.asarray(plane).round().astype(np.uint8)) for plane in coarse]
    side = max(3, max(planes[0].size) // 3 | 1)
    grey = np.mean([np.asarray(plane, np.float32) for plane in planes], axis=0)
    local = np.asarray(Image.fromarray(grey.astype(np.uint8)).filter(ImageFilter.MedianFilter(side)), np.float32)
    most, least = ImageFilter.MaxFilter(side), ImageFilter.MinFilter(side)
    dark_ink = bool(((grey - local) ** 3).sum() < 0)
    away, back = (most, least) if dark_ink else (least, most)
    blur = ImageFilter.GaussianBlur(side / 6)
    smooth = [plane.filter(ImageFilter.MedianFilter(3)).filter(away).filter(back).filter(blur) for plane in planes]
    large = [np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC), np.float32) for plane in smooth]
    return np.stack(large, axis=2), dark_ink
