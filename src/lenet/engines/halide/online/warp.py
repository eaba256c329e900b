"""The distortion of many pictures at once, for steps on single pictures; the lanes hold the columns of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import halide as hl

from lenet.data.augment import AFFINE
from lenet.engines.halide.compiled import Buffer, Design
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.pixels import Pixels, as_words, height_of, wave_sum
from lenet.engines.halide.processor import lanes_of
from lenet.models.layers import Shape

if TYPE_CHECKING:
    from torch import Tensor

axis, image, wave = hl.Var("axis"), hl.Var("image"), hl.Var("wave")


def warp_pipeline(shape: Shape, numbers: int) -> Design:
    """Design the pipeline `(words, distortions [number, image]) -> levels [x, y, channel, image]`.

    The pictures have the `shape` (channels, height, width), and `numbers` numbers distort each of them.
    """
    channels, height, width = shape
    pixels, distortions = Pixels(shape), hl.ImageParam(hl.Float(32), 2, "distortions")
    distortions.dim(0).set_bounds(0, numbers)
    distortions.dim(1).set_stride(numbers)
    in_row, moved, levels = (hl.Func(name) for name in ("in_row", "moved", "levels"))
    in_row[x, wave, axis, image] = wave_sum(
        "along", x, width, lambda column: distortions[height_of(axis, wave, column), image]
    )
    moved[x, y, axis, image] = wave_sum("across", y, height, lambda row: in_row[x, row, axis, image])
    right, down = (moved[x, y, number, image] if numbers > AFFINE else hl.f32(0) for number in range(2))
    affine = [distortions[number, image] for number in range(AFFINE)]
    levels[x, y, m, image] = pixels.distorted(image, m, x, y, affine, (right, down))

    lanes = lanes_of(width)
    levels.bound(x, 0, width).bound(y, 0, height).bound(m, 0, channels).reorder(x, m, y, image)
    levels.vectorize(x, lanes).parallel(image)
    if numbers > AFFINE:
        in_row.compute_at(levels, image).vectorize(x, lanes)
        moved.compute_at(levels, y).vectorize(x, lanes)
    return hl.Pipeline(levels), [pixels.words, distortions]


class Warp:
    """The function `lenet.data.warp.warp`, by the compiled `warp_pipeline`."""

    def __init__(self, pipeline: Callable[..., None]) -> None:
        self._pipeline = pipeline

    def __call__(self, pictures: Tensor, distortions: Tensor) -> Tensor:
        """Return the uint8 `pictures` `(N, C, H, W)`, each distorted by its row of `distortions` `(N, numbers)`.

        The result consists of float32 levels from 0 to 255.
        """
        levels = distortions.new_empty(pictures.shape)
        arrays = (as_words(pictures.numpy()), distortions.numpy(), levels.numpy())
        self._pipeline(*(Buffer(array) for array in arrays))
        return levels
