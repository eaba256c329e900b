"""The pictures of a chunk: gathered from the data set, distorted if that is asked for, and scaled.

They stay as they are stored, one byte a pixel. Four neighbouring pixels are fetched at once, as one 32-bit word.
"""

from __future__ import annotations

from collections.abc import Callable

import halide as hl
import numpy as np
from numpy.typing import NDArray

from lenet.data.prepare import Preparation
from lenet.engines.halide.lower import Plan
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.units import Units, bound, chunk, in_vectors, m, n, x, y
from lenet.models.layers import Shape

WORD = 4  # pixels


class Pictures:
    """The inputs of a pipeline that hold the pictures `(N, C, H, W)`: `words`, which `as_words` makes of them."""

    def __init__(self, shape: Shape, plan: Plan) -> None:
        self.shape, self.plan = shape, plan
        channels, height, width = shape
        self.words = hl.ImageParam(hl.UInt(32), 2, "words")  # [word of the picture, picture]
        self.index = hl.ImageParam(hl.Int(32), 1, "index")  # of the picture, for each image of all batches
        self.first = hl.Param(hl.Int(32), "first")  # image of the batch
        self.affines = hl.ImageParam(hl.Float(32), 2, "affines")  # [number of the six, image of all batches]
        self.words_a_row = -(-width // WORD)
        self.words.dim(0).set_bounds(0, self.words_a_row * height * channels)
        self.words.dim(1).set_stride(self.words_a_row * height * channels)
        self.affines.dim(0).set_bounds(0, 6)
        self.affines.dim(1).set_stride(6)
        self._picture = self._of_chunk("picture", lambda image: self.index[image])

    @property
    def image(self) -> hl.Expr:
        """Which image of the batch this is."""
        return n + self.plan.images * chunk

    def _of_chunk(self, name: str, read: Callable[[hl.Expr], hl.Expr]) -> hl.Func:
        """`[n, chunk]`: what is read for each image; for the last one, where a chunk goes on past the end."""
        func = hl.Func(name)
        func[n, chunk] = read(hl.clamp(self.first + self.image, 0, self.index.dim(0).extent() - 1))
        in_vectors(self.plan.compute(func))
        return func

    def units(self, preparation: Preparation, *, distorted: bool) -> Units:
        """The network's input, for the images of a chunk."""
        level = self._warped() if distorted else self._level(x, y)
        scale, shift = 1 / (255 * preparation.std), preparation.mean / preparation.std
        func = hl.Func("input")
        func[n, x, y, m, chunk] = level * hl.f32(scale) - hl.f32(shift)
        bound(func, self.shape, self.plan.images)
        word, pixel = hl.Var("word"), hl.Var("pixel")
        func.split(x, word, pixel, WORD, hl.TailStrategy.GuardWithIf)
        func.reorder(n, pixel, word, y, m).vectorize(n, LANES)
        if self.shape[2] % WORD == 0:
            func.unroll(pixel)
        return Units(self.plan.compute(func), self.shape)

    def of_image(self, values: hl.ImageParam) -> hl.Expr:
        """Of values for each picture, the image's own."""
        return values[hl.unsafe_promise_clamped(self._picture[n, chunk], 0, values.dim(0).extent() - 1)]

    def _level(self, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        """The grey level, 0 to 255, of a pixel within the picture."""
        _, height, _ = self.shape
        picture = hl.unsafe_promise_clamped(self._picture[n, chunk], 0, self.words.dim(1).extent() - 1)
        word = self.words[column // WORD + self.words_a_row * (row + height * m), picture]
        return hl.f32((word >> hl.u32(8 * (column % WORD))) & hl.u32(255))

    def _warped(self) -> hl.Expr:
        """Bilinear between the pixels around the point that the affine map reads; background outside of the picture.

        The map is of coordinates from -1 to 1 over the picture, as in `lenet.data.augment`.
        """
        _, height, width = self.shape
        a = [self._affine(number)[n, chunk] for number in range(6)]
        right = (2 * hl.f32(x) + 1) / hl.f32(width) - 1
        down = (2 * hl.f32(y) + 1) / hl.f32(height) - 1
        column = ((a[0] * right + a[1] * down + a[2] + 1) * hl.f32(width) - 1) / 2
        row = ((a[3] * right + a[4] * down + a[5] + 1) * hl.f32(height) - 1) / 2
        left, top = hl.floor(column), hl.floor(row)
        to_right, to_bottom = column - left, row - top
        upper = hl.lerp(self._near(left, top), self._near(left + 1, top), to_right)
        lower = hl.lerp(self._near(left, top + 1), self._near(left + 1, top + 1), to_right)
        return hl.lerp(upper, lower, to_bottom)

    def _affine(self, number: int) -> hl.Func:
        return self._of_chunk(f"affine_{number}", lambda image: self.affines[number, image])

    def _near(self, column: hl.Expr, row: hl.Expr) -> hl.Expr:
        _, height, width = self.shape
        inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
        i = hl.i32(hl.clamp(column, 0, width - 1))
        j = hl.i32(hl.clamp(row, 0, height - 1))
        return hl.select(inside, self._level(i, j), hl.f32(0))


def as_words(pictures: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Pictures `(N, C, H, W)` with every row filled up to whole words: `(N, words of a picture)`."""
    count, channels, height, width = pictures.shape
    filled = -(-width // WORD) * WORD
    if filled != width:
        pictures = np.pad(pictures, ((0, 0), (0, 0), (0, 0), (0, filled - width)))
    return np.ascontiguousarray(pictures).reshape(count, channels * height * filled).view(np.uint32)
