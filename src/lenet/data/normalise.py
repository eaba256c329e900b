"""Turn a picture to predict into one of the kind that a network was trained on.

A digit becomes what MNIST would hold: its ink cropped, scaled, and centred by its mass. MNIST's makers scaled each
digit, at an unchanged aspect ratio, to fit 20x20 pixels, with the grey levels that anti-aliasing gives, and laid its
centre of mass in the middle of 28x28 (1998, section III.A).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from lenet.data.image import Background, Normalisation, ink_high, scaled_size
from lenet.data.ink import Ink, find_ink
from lenet.data.parts import connected

SIDE, BOX = 28, 20  # pixels: the sides of a picture of MNIST, and of the box that its digit fits
DETAIL = 480  # pixels on the longer side: more is not needed to find one digit
INK = 0.35  # the strength from which a pixel belongs to a stroke
FAINT = 0.1  # the strength from which a pixel beside a stroke is its edge
SPECK = 0.04  # the share of the largest part below which a part is dirt
FINE = 6  # times the scale of MNIST: large enough to thicken strokes by parts of its pixels
THIN = 1.6  # pixels of 28: the pens of 95 % of the digits of MNIST are wider
PEN = 2.3  # pixels of 28: the median pen of MNIST, with which thinner strokes are drawn anew


def normalised(
    image: Image.Image, how: Normalisation, size: tuple[int, ...], background: Background
) -> NDArray[np.uint8]:
    """Return the picture of `size` (height, width), uint8 with ink high, that a network sees of `image`.

    `image` is of the mode L or RGB. With `how` "digit", the digit in it is made one of MNIST's, and without any ink all
    levels are 0. With "frame", the whole image is inverted if its `background` is light, then scaled and framed.
    """
    if how == "digit":
        return framed(as_digit(image), size)
    return framed(ink_high(np.asarray(image.convert("L")), background), size)


def framed(picture: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return `picture` `(H, W)`, scaled to fit `size` (height, width) and centred on a background of 0.

    The scaling is bilinear and keeps the aspect ratio, up to whole pixels.
    """
    if picture.shape == size:
        return picture
    height, width = size
    factor = min(height / picture.shape[0], width / picture.shape[1])
    inner = scaled_size(picture.shape[1], picture.shape[0], factor)
    scaled = np.asarray(Image.fromarray(picture).resize(inner, Image.Resampling.BILINEAR))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    frame = np.zeros(size, np.uint8)
    frame[top : top + inner[1], left : left + inner[0]] = scaled
    return frame


def as_digit(image: Image.Image) -> NDArray[np.uint8]:
    """Return the digit in `image`, of the mode L or RGB, as MNIST would hold it: `(28, 28)` uint8, ink high.

    Dirt is left out, and so is what touches the edge of the image if something of a similar size does not. Without any
    ink, all levels are 0.
    """
    ink = find_ink(image, DETAIL)
    return centred(ink.strength, _strokes(ink))


def centred(strength: NDArray[np.float32], strokes: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return ink of the `strength` `(H, W)`, where there are `strokes` `(H, W)`, as MNIST would hold it.

    See `as_digit`.
    """
    if not strokes.any():
        return np.zeros((SIDE, SIDE), np.uint8)
    edges = Image.fromarray(strokes.view(np.uint8)).filter(ImageFilter.MaxFilter(3))
    levels = np.where(np.asarray(edges) > 0, strength, 0)
    inked = levels > FAINT
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cropped = Image.fromarray((255 * levels[box]).round().astype(np.uint8))
    return _placed(_scaled(_thickened(cropped, _pen(strokes[box]))))


def _strokes(ink: Ink) -> NDArray[np.bool_]:
    """Return the mask `(H, W)` of the strokes: the connected parts of the ink that are neither dirt nor margin.

    A part that touches the edge of the picture, such as a shadow or the rim of a table, counts only if no part of a
    similar size lies within.
    """
    mask = ink.strength > INK if ink.found else np.zeros(ink.strength.shape, bool)
    numbers, parts = connected(mask)
    if len(parts) < 2:
        return mask
    sizes = np.array([part.pixels for part in parts])
    within = np.array([not part.edges(mask.shape) for part in parts])
    if (sizes * within).max() > 0.15 * sizes.max():
        sizes = sizes * within
    return np.append(sizes >= max(1.0, SPECK * sizes.max()), False)[numbers]


def _pen(strokes: NDArray[np.bool_]) -> float:
    """Return the width of the pen that drew `strokes`, in pixels: twice their area over the length of their outline.

    The outline is counted in sides of pixels, which are about 1.1 times as long as a drawn outline.
    """
    framed = np.pad(strokes, 1)
    outline = (framed[1:] != framed[:-1]).sum() + (framed[:, 1:] != framed[:, :-1]).sum()
    return 2.2 * float(strokes.sum()) / float(outline)


def _thickened(digit: Image.Image, pen: float) -> Image.Image:
    """Return `digit` with strokes of the width `PEN` at the scale of MNIST, if those of the width `pen` are thinner."""
    if pen >= THIN * max(digit.size) / BOX:
        return digit
    fine = max(1, round(FINE * BOX / max(digit.size)))
    larger = digit.resize((fine * digit.width, fine * digit.height), Image.Resampling.BICUBIC)
    missing = round((PEN * max(larger.size) / BOX - fine * pen) / 2)
    return ImageOps.expand(larger, missing).filter(ImageFilter.MaxFilter(2 * missing + 1))


def _scaled(digit: Image.Image) -> NDArray[np.uint8]:
    """Return the levels of `digit`, scaled to fit the box of MNIST, with 255 as the highest."""
    factor = BOX / max(digit.size)
    resampling = Image.Resampling.BOX if factor < 0.5 else Image.Resampling.BILINEAR
    levels = np.asarray(digit.resize(scaled_size(*digit.size, factor), resampling), np.float32)
    return (levels * (255 / max(float(levels.max()), 1))).round().astype(np.uint8)


def _placed(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `digit` within 28x28, its centre of mass in the pixel to the lower right of the middle, as in MNIST.

    Where the edges do not allow that, it lies as near as they allow.
    """
    placed = np.zeros((SIDE, SIDE), np.uint8)
    corner = []
    for axis, length in enumerate(digit.shape):
        mass = digit.sum(1 - axis, dtype=np.float64)
        centre = (mass * (np.arange(length) + 0.5)).sum() / mass.sum()
        corner.append(int(np.clip(SIDE // 2 - int(centre), 0, SIDE - length)))
    top, left = corner
    placed[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return placed
