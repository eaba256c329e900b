"""The pictures in memory, one byte per pixel, and the functions by which kernels read them, plain or distorted.

Four neighbouring pixels of a row form a 32-bit word, which is what a kernel fetches.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import halide as hl
import numpy as np
from numpy.typing import NDArray

from lenet.data.augment import AFFINE, WAVES, waves
from lenet.engines.halide.indices import constant
from lenet.models.layers import Shape

WORD = 4  # pixels in a word


class Pixels:
    """The input `words` of a pipeline, which `as_words` makes from pictures of `shape` (channels, height, width)."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        channels, height, width = shape
        self.words = hl.ImageParam(hl.UInt(32), 2, "words")  # [word of the picture, picture]
        self._words_a_row = -(-width // WORD)
        self.words.dim(0).set_bounds(0, self._words_a_row * height * channels)
        self.words.dim(1).set_stride(self._words_a_row * height * channels)

    def level(self, picture: hl.Expr, m: hl.Expr, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """Return the grey level, 0 to 255, of the pixel at `column` and `row` in channel `m` of `picture`."""
        _, height, _ = self.shape
        picture = hl.unsafe_promise_clamped(picture, 0, self.words.dim(1).extent() - 1)
        word = self.words[column // WORD + self._words_a_row * (row + height * m), picture]
        return hl.f32((word >> hl.u32(8 * (column % WORD))) & hl.u32(255))

    def distorted(
        self, picture: hl.Expr, m: hl.Expr, x: hl.Expr, y: hl.Expr, affine: list[hl.Expr], moved: tuple[hl.Expr, ...]
    ) -> hl.Expr:
        """Return the level of the pixel in column `x` and row `y` of channel `m` of the distorted picture.

        The transformation `affine` leads from the pixel to a place in the original `picture`, and `moved` shifts that
        place to the right and down; both use coordinates from -1 to 1 over the picture, as in `lenet.data.augment`. The
        level there is interpolated bilinearly; outside the picture it is 0, the background.
        """
        _, height, width = self.shape
        right = (2 * hl.f32(x) + 1) / hl.f32(width) - 1
        down = (2 * hl.f32(y) + 1) / hl.f32(height) - 1
        to_right = affine[0] * right + affine[1] * down + affine[2] + moved[0]
        to_bottom = affine[3] * right + affine[4] * down + affine[5] + moved[1]
        return self._between(
            picture, m, ((to_right + 1) * hl.f32(width) - 1) / 2, ((to_bottom + 1) * hl.f32(height) - 1) / 2
        )

    def _between(self, picture: hl.Expr, m: hl.Expr, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """Return the level at (`column`, `row`), interpolated bilinearly from the four pixels around it."""
        left, top = hl.floor(column), hl.floor(row)

        def near(right: int, down: int) -> hl.Expr:
            return self._or_background(picture, m, left + right, top + down)

        upper = hl.lerp(near(0, 0), near(1, 0), column - left)
        lower = hl.lerp(near(0, 1), near(1, 1), column - left)
        return hl.lerp(upper, lower, row - top)

    def _or_background(self, picture: hl.Expr, m: hl.Expr, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        _, height, width = self.shape
        inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
        i = hl.i32(hl.clamp(column, 0, width - 1))
        j = hl.i32(hl.clamp(row, 0, height - 1))
        return hl.select(inside, self.level(picture, m, i, j), hl.f32(0))


def wave_sum(name: str, place: hl.Expr, side: int, heights: Callable[[hl.Expr], hl.Expr]) -> hl.Expr:
    """Return the sum of the waves along an axis of `side` pixels, at the pixel `place` of that axis.

    `heights` takes the number of a wave and returns the amplitude by which the wave is multiplied. `name` is the name
    of the sum in the pipeline.
    """
    r = hl.RDom([(0, WAVES)], f"{name}_waves")
    return hl.sum(r, _waves(side)[r.x, place] * heights(r.x), name)


def height_of(axis: hl.Expr, row: hl.Expr, column: hl.Expr) -> hl.Expr:
    """Return the position, among a distortion's numbers, of the amplitude of the wave at `row` and `column`.

    `axis` is the direction in which this wave moves places: 0 to the right, 1 down.
    """
    return AFFINE + column + WAVES * (row + WAVES * axis)


@lru_cache
def _waves(side: int) -> hl.Buffer:
    return constant(waves(side))


def as_words(pictures: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the uint8 `pictures` `(N, C, H, W)` as uint32 words `(N, words of a picture)`.

    Every row is padded to whole words. If none needs padding, and `pictures` is C-contiguous and writable, the result
    is a view of it.
    """
    count, channels, height, width = pictures.shape
    filled = -(-width // WORD) * WORD
    if filled != width:
        pictures = np.pad(pictures, ((0, 0), (0, 0), (0, 0), (0, filled - width)))
    rows = np.require(pictures, requirements=["C", "W"])  # Halide takes no array that is read-only
    return rows.reshape(count, channels * height * filled).view(np.uint32)
