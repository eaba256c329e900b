"""The digits that need no download: what is in them, and that they are the same every time.

Run: pytest tests/data/test_digits.py
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from lenet.data import Dataset, load_dataset
from lenet.data.dataset import Split, fingerprint


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def test_every_original_is_in_one_split(digits: Dataset) -> None:
    """Enlarged pixels stay near their original: the middle of each 2.5-pixel square is compared."""
    originals = datasets.load_digits()
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    images = np.concatenate([digits.train.images, digits.test.images])
    labels = np.concatenate([digits.train.labels, digits.test.labels])
    assert np.bincount(labels).tolist() == np.bincount(originals.target).tolist()
    middles = np.arange(8) * 5 // 2 + 5
    reduced = images[:, 0][:, middles][:, :, middles].reshape(-1, 64).astype(float)
    known = originals.images.reshape(-1, 64) * 255 / 16
    nearest = [np.abs(known - picture).sum(1).argmin() for picture in reduced]
    assert len(set(nearest)) > 1770
    assert (originals.target[nearest] == labels).mean() > 0.99


def test_pictures_are_like_mnist(digits: Dataset) -> None:
    assert digits.picture_size == (28, 28)
    assert digits.channels == 1
    assert digits.classes == tuple("0123456789")
    assert digits.train.images.max() == 255
    margin = digits.train.images.copy()
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
