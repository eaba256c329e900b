"""Splits and data sets refuse what does not fit, hold out a share of every class, and are loaded by name.

pytest tests/data/test_dataset.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet.data import CATALOGUE, Dataset, Split, load_dataset
from lenet.errors import InputError


def split(*labels: int, size: int = 2) -> Split:
    """Return a split with a picture for each label; the first pixel of a picture is its number."""
    images = np.zeros((len(labels), 1, size, size), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels))
    return Split(images, np.array(labels, np.int64))


def dataset(train: Split, **changes: Any) -> Dataset:
    return Dataset("it", train, changes.pop("test", split(0)), ("a", "b", "c"), **changes)


@pytest.mark.parametrize(
    ("pictures", "labels", "message"),
    [
        (
            np.zeros((2, 1, 3, 3)),
            np.zeros(2, np.int64),
            "pictures are float64 of shape .*: expected a uint8 array of rank 4",
        ),
        (np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.int64), r"pictures are uint8 of shape \(2, 3, 3\)"),
        (np.zeros((2, 1, 3, 3), np.uint8), np.zeros(2, np.int32), "labels are int32"),
        (np.zeros((2, 1, 3, 3), np.uint8), np.zeros((2, 1), np.int64), "expected a int64 array of rank 1"),
        (np.zeros((2, 1, 3, 3), np.uint8), [0, 1], "labels are list"),
        (np.zeros((2, 1, 3, 3), np.uint8), np.zeros(3, np.int64), "2 pictures have 3 labels"),
    ],
)
def test_a_split_is_checked(pictures: Any, labels: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Split(pictures, labels)


@pytest.mark.parametrize(
    ("train", "test", "sentence"),
    [
        (
            split(0, 1),
            split(0, size=3),
            "it: test pictures of shape (1, 3, 3) do not match training pictures of (1, 2, 2)",
        ),
        (split(0, 3), split(0), "it: training label 3 has no class: labels go from 0 to 2"),
        (split(0, 1), split(0, 3), "it: test label 3 has no class: labels go from 0 to 2"),
        (split(0, -1), split(0), "it: training label -1 has no class: labels go from 0 to 2"),
        (split(0, 1), split(-1), "it: test label -1 has no class: labels go from 0 to 2"),
    ],
    ids=["size", "training label too high", "test label too high", "training label too low", "test label too low"],
)
def test_a_dataset_is_checked(train: Split, test: Split, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        dataset(train, test=test)


def test_a_validation_split_is_checked() -> None:
    with pytest.raises(InputError, match=r"^it: validation pictures of shape \(1, 3, 3\) do not match"):
        dataset(split(0, 1), validation=split(0, size=3))
    with pytest.raises(InputError, match=r"^it: validation label 9 has no class"):
        dataset(split(0, 1), validation=split(9))


def test_sizes() -> None:
    images = np.zeros((2, 3, 4, 5), np.uint8)
    some = Split(images, np.zeros(2, np.int64))
    assert (dataset(some, test=some).picture_size, dataset(some, test=some).channels, len(some)) == ((4, 5), 3, 2)


@given(counts=st.lists(st.integers(10, 30), min_size=2, max_size=3), seed=st.integers(0, 2**32 - 1))
def test_holding_out_parts_every_class(counts: list[int], seed: int) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    whole = dataset(split(*labels))
    parted = whole.hold_out(0.25, seed)
    assert parted.validation is not None
    assert parted.held_out is not None
    kept, held = parted.train.pictures[:, 0, 0, 0], parted.validation.pictures[:, 0, 0, 0]
    assert held.tolist() == parted.held_out.tolist() == sorted(held)
    assert kept.tolist() == sorted(kept)
    assert sorted([*kept, *held]) == list(range(sum(counts)))
    np.testing.assert_array_equal(parted.validation.labels, labels[parted.held_out])
    for label, count in enumerate(counts):
        assert abs((parted.validation.labels == label).sum() - count / 4) <= 1


def test_holding_out_is_seeded_and_leaves_the_rest() -> None:
    whole = dataset(split(*[0, 1, 2] * 10))
    first, again, other = (whole.hold_out(0.2, seed).train.pictures for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert whole.hold_out(0, 1) is whole
    assert whole.hold_out(0.2, 1).test is whole.test
    assert len(whole.train) == 30


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_a_fraction_outside_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match="must be at least 0 and less than 1"):
        dataset(split(0, 1)).hold_out(fraction, 0)


def test_what_cannot_be_parted_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"it has too few pictures to set 0.1 of every class aside: 9, class 'b' only 1"
    ):
        dataset(split(0, 0, 0, 0, 1, 2, 2, 2, 2)).hold_out(0.1, 0)
    with pytest.raises(InputError, match=r"too few pictures .*: 0"):
        dataset(split()).hold_out(0.1, 0)
    parted = dataset(split(*[0, 1] * 10)).hold_out(0.1, 0)
    with pytest.raises(InputError, match="has its validation split already"):
        parted.hold_out(0.1, 0)


def test_a_limit_takes_some_of_the_training_pictures_and_leaves_the_rest() -> None:
    whole = dataset(split(*[0, 1, 2] * 20)).hold_out(0.1, 0)
    assert whole.limit(0, 1) is whole
    first, again, other = (whole.limit(30, seed) for seed in (1, 1, 2))
    kept = [limited.train.pictures[:, 0, 0, 0] for limited in (first, again, other)]
    assert np.array_equal(kept[0], kept[1])
    assert not np.array_equal(kept[0], kept[2])
    assert len(kept[0]) == 30
    assert (np.diff(kept[0].astype(int)) > 0).all()
    assert set(kept[0]) <= set(whole.train.pictures[:, 0, 0, 0])
    assert first.validation is whole.validation
    with pytest.raises(InputError, match=r"^it has 54 pictures to learn from: 55 cannot be taken$"):
        whole.limit(55, 0)


def test_unknown_names_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="unknown data set 'fashion_mnist': did you mean fashion-mnist"):
        load_dataset("fashion_mnist")
    with pytest.raises(InputError, match="unknown data set 'zzz': known: digits, mnist, fashion-mnist"):
        load_dataset("zzz")
    for path in ("./mnist", "my/pictures", ".hidden"):
        with pytest.raises(InputError, match=f"the folder '{path}' does not exist"):
            load_dataset(path)


def test_the_catalogue_is_complete() -> None:
    assert list(CATALOGUE) == ["digits", "mnist", "fashion-mnist", "handwriting"]
    for name, entry in CATALOGUE.items():
        assert entry.title
        assert entry.licence
        assert entry.citation
        assert len(set(entry.classes)) == (11 if name == "handwriting" else 10)
        assert all(len(file.sha256) == 64 for file in entry.files.values())


def test_importing_is_light() -> None:
    heavy = "pooch", "requests", "sklearn", "PIL", "torch"
    code = f"import lenet.data, sys; sys.exit(' '.join(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
