"""The pictures of a chunk: gathered from the data set, distorted if that is asked for, and scaled."""

from __future__ import annotations

from collections.abc import Callable

import halide as hl

from lenet.data.augment import AFFINE
from lenet.data.prepare import Preparation
from lenet.engines.halide.pixels import WORD, Pixels, height_of, wave_sum
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.units import Units, bound, chunk, in_vectors, m, n, n_inner, n_outer, x, y
from lenet.models.layers import Shape

axis, wave = hl.Var("axis"), hl.Var("wave")


class Pictures:
    """The inputs of a pipeline that say which pictures are in a batch, and how each is distorted."""

    def __init__(self, shape: Shape, plan: Plan) -> None:
        self.shape, self.plan, self.pixels = shape, plan, Pixels(shape)
        self.index = hl.ImageParam(hl.Int(32), 1, "index")  # of the picture, for each image of all batches
        self.first = hl.Param(hl.Int(32), "first")  # image of the batch
        self.distortions = hl.ImageParam(hl.Float(32), 2, "distortions")  # [number, image of all batches]
        self._picture = self._of_chunk("picture", lambda image: self.index[image])

    @property
    def image(self) -> hl.Expr:
        """Which image of the batch this is."""
        return n + self.plan.images * chunk

    def _of_chunk(self, name: str, read: Callable[[hl.Expr], hl.Expr], *more: hl.Var) -> hl.Func:
        """`[n, chunk]`: what is read for each image; for the last one, where a chunk goes on past the end."""
        func = hl.Func(name)
        func[n, *more, chunk] = read(hl.clamp(self.first + self.image, 0, self.index.dim(0).extent() - 1))
        in_vectors(self.plan.compute(func))
        return func

    def units(self, preparation: Preparation, *, distortion: int) -> Units:
        """The network's input, for the images of a chunk; `distortion` is how many numbers distort each."""
        level = self._distorted(distortion) if distortion else self.pixels.level(self._picture[n, chunk], m, x, y)
        scale, shift = 1 / (255 * preparation.std), preparation.mean / preparation.std
        func = hl.Func("input")
        func[n, x, y, m, chunk] = level * hl.f32(scale) - hl.f32(shift)
        bound(func, self.shape, self.plan.images)
        word, pixel = hl.Var("word"), hl.Var("pixel")
        func.split(x, word, pixel, WORD, hl.TailStrategy.GuardWithIf)
        func.split(n, n_outer, n_inner, LANES).reorder(n_inner, pixel, n_outer, word, y, m).vectorize(n_inner)
        if self.shape[2] % WORD == 0:
            func.unroll(pixel)  # so that the word, the same for all of them, is fetched once
        return Units(self.plan.compute(func), self.shape)

    def of_image(self, values: hl.ImageParam) -> hl.Expr:
        """Of values for each picture, the image's own."""
        return values[hl.unsafe_promise_clamped(self._picture[n, chunk], 0, values.dim(0).extent() - 1)]

    def _distorted(self, distortion: int) -> hl.Expr:
        self.distortions.dim(0).set_bounds(0, distortion)
        self.distortions.dim(1).set_stride(distortion)
        affine = [self._number(number)[n, chunk] for number in range(AFFINE)]
        moved = self._moved() if distortion > AFFINE else (hl.f32(0), hl.f32(0))
        return self.pixels.distorted(self._picture[n, chunk], m, x, y, affine, moved)

    def _number(self, number: int) -> hl.Func:
        return self._of_chunk(f"distortion_{number}", lambda image: self.distortions[number, image])

    def _moved(self) -> tuple[hl.Expr, ...]:
        """By the waves, those of each row of waves added up first."""
        _, height, width = self.shape
        in_row = hl.Func("in_row")
        heights = self._of_chunk(
            "heights", lambda image: self.distortions[height_of(axis, wave, x), image], x, wave, axis
        )
        in_row[n, x, wave, axis, chunk] = wave_sum("along", x, width, lambda k: heights[n, k, wave, axis, chunk])
        in_vectors(self.plan.compute(in_row))
        moved = hl.Func("moved")
        moved[n, x, y, axis, chunk] = wave_sum("across", y, height, lambda k: in_row[n, x, k, axis, chunk])
        in_vectors(self.plan.compute(moved))
        return tuple(moved[n, x, y, number, chunk] for number in range(2))
