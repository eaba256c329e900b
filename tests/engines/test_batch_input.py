"""The pipelines for batches gather, distort and scale pictures as torch does, and deal them out in even parts.

pytest tests/engines/test_batch_input.py
"""

from __future__ import annotations

import halide as hl
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.data.warp import warp
from lenet.engines.halide.batch.gradient import MOST_GROUPS, Share
from lenet.engines.halide.batch.input import Input
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.pixels import as_words
from lenet.engines.halide.processor import TARGET, tile
from tests.engines.kernel_cases import FORWARD, chunks_of, few, images_last, relative, seeds


@few
@given(
    channels=st.integers(1, 3),
    size=st.integers(3, 11),
    images=chunks_of,
    mean=st.sampled_from([0.0, 0.1307, -0.5]),
    std=st.sampled_from([1.0, 0.3081]),
    elastic=st.sampled_from([None, 0.0, 1.0]),
    lacking=st.integers(0, 9),
    seed=seeds,
)
def test_pictures_are_gathered_distorted_and_scaled(
    channels: int, size: int, images: int, mean: float, std: float, elastic: float | None, lacking: int, seed: int
) -> None:
    """Two chunks have pictures that come again, and the last image stands in for the `lacking` ones.

    The pictures are not distorted if `elastic` is None.
    """
    random = np.random.default_rng(seed)
    stored = random.integers(0, 256, (9, channels, size, size), dtype=np.uint8)
    index = random.integers(0, 9, 1 + 2 * images - lacking).astype(np.int32)
    augmentation = Augmentation()
    if elastic is not None:
        augmentation = Augmentation(shift=3, rotation=180, zoom=0.5, shear=0.5, flip=True, elastic=elastic)
    distortions = augmentation.draw(len(index), size, random)
    plan = ChunkPlan(hl.ImageParam(hl.Float(32), 1), images, learning=False)
    preparation = Preparation(mean=mean, std=std)
    source = Input((channels, size, size), plan)
    units = source.units(preparation, distortion=augmentation.numbers).func
    for func in plan.computed:
        func.compute_root()
    words = as_words(stored)
    source.pixels.words.set(hl.Buffer(words))
    source.index.set(hl.Buffer(index))
    source.first.set(1)
    if augmentation:
        source.distortions.set(hl.Buffer(distortions))
    found = np.array(units.realize([images, size, size, channels, 2], TARGET))
    images_of = np.minimum(1 + np.arange(2 * images), len(index) - 1)
    levels = torch.from_numpy(stored[index][images_of]).double()
    if augmentation:
        levels = warp(levels, torch.from_numpy(distortions[images_of]).double())
    expected = (levels / 255 - mean) / std
    assert relative(np.concatenate(list(found), axis=-1), images_last(expected)) <= FORWARD


@given(extent=st.integers(1, 300), most=st.integers(0, 32))
def test_tiles_are_no_larger_than_asked_and_of_nearly_equal_size(extent: int, most: int) -> None:
    size = tile(extent, most)
    assert 1 <= size <= max(1, min(most, extent))
    most_tiles = 2 * -(-extent // max(1, min(most, extent)))
    assert -(-extent // size) <= most_tiles


@given(batch=st.integers(1, 65536), images=st.sampled_from([16, 32]), smaller=st.floats(0, 1))
def test_every_picture_of_a_batch_is_dealt_to_a_group(batch: int, images: int, smaller: float) -> None:
    """The room for a batch is enough for a smaller one."""
    share, ragged = Share.of(batch, images), Share.of(max(1, int(smaller * batch)), images)
    assert 1 <= share.groups <= MOST_GROUPS
    assert 0 <= share.groups * share.chunks * images - batch < (share.chunks + 1) * images
    assert ragged.groups * ragged.chunks <= share.groups * share.chunks
