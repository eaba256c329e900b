"""The network's input for a chunk of images: pictures gathered, distorted if the recipe asks for it, and scaled."""

from __future__ import annotations

from collections.abc import Callable

import halide as hl

from lenet.data.augment import AFFINE
from lenet.data.prepare import Preparation
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import Units, bound, chunk, in_vectors, n, n_inner, n_outer
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.pixels import WORD, Pixels, height_of, wave_sum
from lenet.engines.halide.processor import LANES
from lenet.models.layers import Shape

axis, wave = hl.Var("axis"), hl.Var("wave")


class Input:
    """The images of a batch, taken from the data set, and their distortions; `shape` is (channels, height, width)."""

    def __init__(self, shape: Shape, plan: ChunkPlan) -> None:
        self.shape, self.plan, self.pixels = shape, plan, Pixels(shape)
        self.index = hl.ImageParam(hl.Int(32), 1, "index")  # the picture of each image, for all batches of a call
        self.first = hl.Param(hl.Int(32), "first")  # the position in `index` of the batch's first image
        self.distortions = hl.ImageParam(hl.Float(32), 2, "distortions")  # [number, position in `index`]
        self._picture = self._for_each("picture", lambda image: self.index[image])

    @property
    def image(self) -> hl.Expr:
        """The number of the image within its batch."""
        return n + self.plan.images * chunk

    def _for_each(self, name: str, read: Callable[[hl.Expr], hl.Expr], *more: hl.Var) -> hl.Func:
        """Return a Func `[n, *more, chunk]`: `read(i)` for each image, where `i` is the image's position in `index`.

        An image past the end of `index` repeats the last one. `more` are the further variables that `read` uses, if
        any.
        """
        func = hl.Func(name)
        func[n, *more, chunk] = read(hl.clamp(self.first + self.image, 0, self.index.dim(0).extent() - 1))
        in_vectors(self.plan.compute(func))
        return func

    def units(self, preparation: Preparation, *, distortion: int) -> Units:
        """Return the network's input for the images of a chunk, scaled by `preparation`.

        `distortion` is the count of numbers that distort one picture; with 0, no picture is distorted.
        """
        level = self._distorted(distortion) if distortion else self.pixels.level(self._picture[n, chunk], m, x, y)
        scale, shift = 1 / (255 * preparation.std), preparation.mean / preparation.std
        func = hl.Func("input")
        func[n, x, y, m, chunk] = level * hl.f32(scale) - hl.f32(shift)
        bound(func, self.shape, self.plan.images)
        word, pixel = hl.Var("word"), hl.Var("pixel")
        func.split(x, word, pixel, WORD, hl.TailStrategy.GuardWithIf)
        func.split(n, n_outer, n_inner, LANES).reorder(n_inner, pixel, n_outer, word, y, m).vectorize(n_inner)
        if self.shape[2] % WORD == 0:
            func.unroll(pixel)  # undistorted pixels of a word are read together, so it is fetched once
        return Units(self.plan.compute(func), self.shape)

    def look_up(self, values: hl.ImageParam) -> hl.Expr:
        """Look up each image's entry in `values`, which has one entry per picture of the data set."""
        return values[hl.unsafe_promise_clamped(self._picture[n, chunk], 0, values.dim(0).extent() - 1)]

    def _distorted(self, distortion: int) -> hl.Expr:
        self.distortions.dim(0).set_bounds(0, distortion)
        self.distortions.dim(1).set_stride(distortion)
        affine = [self._number(number)[n, chunk] for number in range(AFFINE)]
        moved = self._moved() if distortion > AFFINE else (hl.f32(0), hl.f32(0))
        return self.pixels.distorted(self._picture[n, chunk], m, x, y, affine, moved)

    def _number(self, number: int) -> hl.Func:
        return self._for_each(f"distortion_{number}", lambda image: self.distortions[number, image])

    def _moved(self) -> tuple[hl.Expr, ...]:
        """Return how far the waves move the place (x, y), to the right and down, where a side of the picture is 2.

        The waves of each row of waves are added up first.
        """
        _, height, width = self.shape
        in_row = hl.Func("in_row")
        heights = self._for_each(
            "heights", lambda image: self.distortions[height_of(axis, wave, x), image], x, wave, axis
        )
        in_row[n, x, wave, axis, chunk] = wave_sum("along", x, width, lambda k: heights[n, k, wave, axis, chunk])
        in_vectors(self.plan.compute(in_row))
        moved = hl.Func("moved")
        moved[n, x, y, axis, chunk] = wave_sum("across", y, height, lambda k: in_row[n, x, k, axis, chunk])
        in_vectors(self.plan.compute(moved))
        return tuple(moved[n, x, y, number, chunk] for number in range(2))
