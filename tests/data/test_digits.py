"""The digits that need no download hold every original once, and are the same every time.

pytest tests/data/test_digits.py
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets
from sklearn.metrics.pairwise import euclidean_distances

from lenet.data import Dataset, load_dataset
from lenet.data.dataset import Split, fingerprint


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def test_every_original_is_in_one_split(digits: Dataset) -> None:
    """The original nearest to an enlarged picture is its own, and none of the originals is left out."""
    originals = datasets.load_digits()
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    pictures = np.concatenate([digits.train.pictures, digits.test.pictures])
    labels = np.concatenate([digits.train.labels, digits.test.labels])
    enlarged = pictures[:, 0, 4:24, 4:24]
    middles = [1, 3, 6, 8, 11, 13, 16, 18]  # 8 pixels became 20, so each became 2.5
    levels = enlarged[:, middles][:, :, middles].reshape(-1, 64)
    nearest = euclidean_distances(levels, originals.data * 255 / 16).argmin(1)
    assert sorted(nearest) == list(range(1797))
    np.testing.assert_array_equal(originals.target[nearest], labels)


def test_pictures_are_like_mnist(digits: Dataset) -> None:
    assert digits.picture_size == (28, 28)
    assert digits.channels == 1
    assert digits.classes == tuple("0123456789")
    assert digits.train.pictures.max() == 255
    margin = digits.train.pictures.copy()
    margin[..., 4:24, 4:24] = 0
    assert not margin.any()


def test_the_split_is_stratified_and_fixed(digits: Dataset) -> None:
    assert np.bincount(digits.test.labels).tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]
    assert digits.test.labels[:10].tolist() == [1, 4, 8, 6, 5, 9, 9, 1, 3, 2]
    again = load_dataset("digits")
    assert fingerprint(again.train, again.test) == fingerprint(digits.train, digits.test)
    assert again.sources == digits.sources


def test_a_fingerprint_tells_splits_apart() -> None:
    one = Split(np.zeros((2, 1, 2, 2), np.uint8), np.array([0, 1]))
    others = [
        Split(np.ones((2, 1, 2, 2), np.uint8), np.array([0, 1])),
        Split(np.zeros((2, 1, 2, 2), np.uint8), np.array([1, 0])),
        Split(np.zeros((2, 1, 1, 4), np.uint8), np.array([0, 1])),
    ]
    assert len({fingerprint(split) for split in [one, *others]}) == 4
