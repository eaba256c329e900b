"""Find the ink in a picture: its strength at every pixel, whatever the colours of the ink and of the paper.

The paper is what most of the picture's border shows, or a smooth surface where light and shadow change it. The colour
of the ink is that of the pixels that differ most from the paper. The strength of a pixel is how far its colour
lies on the way from paper (0) to ink (1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lenet.data.image import scaled_size

if TYPE_CHECKING:
    Levels = NDArray[np.float32]

EVEN = 6  # levels: paper whose border differs less from its median is of one colour
COARSE = 64  # pixels on the longer side of the copy in which the surface of uneven paper is sought
MIDDLE = 128  # the level of paper that is as bright as the trend of the light
DEEPEST = 0.25  # the darkest shade that is brightened, as a share of the brightest paper
FEW = 1 / 500  # at most this share of the pixels, the strongest, tell the colour of the ink by their median
FEWEST = 12  # but no fewer pixels than these
LEAST_CONTRAST = 8  # levels: what differs less from even paper is no ink
LEAST_ON_UNEVEN = 24  # levels: likewise, as the surface of uneven paper is known less well
NOISE = 6  # times the noise that ink must exceed


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of a picture: its `strength` `(H, W)`, float32, from 0 (paper) to 1 (ink of full strength).

    `contrast` is the largest difference between ink and paper in a channel, and `noise` the usual difference of a pixel
    of paper from the paper, both in levels of 255.
    """

    strength: Levels
    contrast: float
    noise: float
    even: bool
    """whether the paper is of one colour"""

    @property
    def found(self) -> bool:
        """Whether there is any ink: a contrast that is visible, and far above the noise."""
        return self.contrast >= max(LEAST_CONTRAST if self.even else LEAST_ON_UNEVEN, NOISE * self.noise)


def find_ink(image: Image.Image, longest: int) -> Ink:
    """Return the ink of `image`, of the mode L or RGB, after shrinking it to at most `longest` pixels a side."""
    levels = _within_frame(_levels(_shrunk(image, longest)))
    difference, darker = _from_paper(levels)
    towards_ink = difference if darker is None else difference.clip(None, 0) if darker else difference.clip(0, None)
    size = np.abs(towards_ink).max(2).ravel()
    few = int(np.count_nonzero(size > size.max() / 2).clip(FEWEST, max(FEWEST, round(size.size * FEW))))
    few = min(size.size, few)
    strongest = np.argpartition(size, -few)[-few:]
    ink = np.median(towards_ink.reshape(-1, difference.shape[2])[strongest], axis=0)
    strength = difference @ (ink / max(float(ink @ ink), 1e-6))
    contrast = float(np.abs(ink).max())
    noise = float(1.4826 * np.median(np.abs(strength)) * contrast)  # the standard deviation, if it is normal
    return Ink(strength.clip(0, 1), contrast, noise, darker is None)


def _shrunk(image: Image.Image, longest: int) -> Image.Image:
    factor = longest / max(image.size)
    if factor >= 1:
        return image
    return image.resize(scaled_size(*image.size, factor), Image.Resampling.BOX)


def _levels(image: Image.Image) -> Levels:
    """Return the levels `(H, W, channels)` of `image` as float32."""
    levels = np.asarray(image, np.float32)
    return levels[..., None] if levels.ndim == 2 else levels


def _within_frame(levels: Levels) -> Levels:
    """Return `levels` with an even frame around the paper, if there is one, painted over in the colour of the paper."""
    frame, even = _border(levels)
    paper = np.median(levels, axis=(0, 1))
    if not even or np.abs(frame - paper).max() <= 2 * EVEN:
        return levels
    within = np.zeros(levels.shape[:2], bool)
    inner = []
    for axis in (1, 0):
        usual = np.median(levels, axis=axis)
        places = np.flatnonzero(np.abs(usual - paper).max(1) < np.abs(usual - frame).max(1))
        inner.append(slice(places[0] + 1, places[-1]) if len(places) > 2 else slice(None))  # less a blurred edge
    within[inner[0], inner[1]] = True
    return np.where(within[..., None], levels, paper)


def _from_paper(levels: Levels) -> tuple[Levels, bool | None]:
    """Return the difference of `levels` from the paper and, if the paper is uneven, whether its ink is darker.

    Light multiplies what paper and ink send back, so that ink in the shade differs less from the paper. Paper in a
    deeper shade than `DEEPEST` is not brightened further, as nothing but noise would be.
    """
    usual, even = _border(levels)
    if even:
        return levels - usual, None
    paper, darker = _surface(levels)
    difference = levels - paper
    if darker:
        difference *= paper.max() / np.maximum(paper, DEEPEST * paper.max())
    return difference, darker


def _border(levels: Levels) -> tuple[Levels, bool]:
    """Return the median colour `(channels,)` of the border of `levels`, and whether most of the border has it."""
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    usual: Levels = np.median(border, axis=0)
    return usual, bool((np.abs(border - usual).max(1) > EVEN).mean() < 0.4)


def _surface(levels: Levels) -> tuple[Levels, bool]:
    """Return the paper at every pixel of `levels`, and whether the ink is darker than the paper.

    The paper is a closing (for lighter ink, an opening) of a coarse copy, after subtracting the trend of the light,
    which would mislead a closing at the edges. The ink is darker if the levels below the local median lie further from
    it than those above it, by their cubes.
    """
    height, width, channels = levels.shape
    planes = [np.asarray(_shrunk(Image.fromarray(levels[..., channel]), COARSE)) for channel in range(channels)]
    side = max(3, max(planes[0].shape) // 3 | 1)
    local = [np.asarray(_filtered(plane, ImageFilter.MedianFilter(side))) for plane in planes]
    darker = bool((np.sum(np.subtract(planes, local), axis=0) ** 3).sum() < 0)
    most, least = ImageFilter.MaxFilter(side), ImageFilter.MinFilter(side)
    away, back = (most, least) if darker else (least, most)
    filters = (ImageFilter.MedianFilter(3), away, back, ImageFilter.GaussianBlur(side / 6))
    smooth = []
    for plane, usual in zip(planes, local, strict=True):
        trend = _trend(usual)
        smooth.append(trend + _filtered(plane - trend + MIDDLE, *filters) - MIDDLE)
    large = [Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC) for plane in smooth]
    return np.stack([np.asarray(plane) for plane in large], axis=2), darker


def _filtered(levels: Levels, *filters: ImageFilter.Filter) -> Levels:
    """Return `levels` `(H, W)`, rounded to whole levels from 0 to 255, after the `filters` one by one."""
    image = Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))
    for one in filters:
        image = image.filter(one)
    return np.asarray(image, np.float32)


def _trend(levels: Levels) -> Levels:
    """Return the quadratic surface nearest to `levels` `(H, W)`."""
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : levels.shape[0] * 1j, -1 : 1 : levels.shape[1] * 1j])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    factors, *_ = np.linalg.lstsq(terms, levels.ravel(), rcond=None)
    trend: Levels = (terms @ factors).reshape(levels.shape).astype(np.float32)
    return trend
