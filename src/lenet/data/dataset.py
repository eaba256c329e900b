"""Pictures and labels in memory: a `Split` is one set of them, a `Dataset` the splits of one source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lenet.data.pictures import Background
from lenet.errors import InputError


@dataclass(frozen=True, eq=False)
class Split:
    """`images` `(N, C, H, W)` uint8, 0 (background) to 255 (ink); `labels` `(N,)` int64, positions in the classes.

    Raises `InputError` for any other type or shape, or when there are not as many labels as pictures.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_array("images", self.images, np.uint8, rank=4)
        _check_array("labels", self.labels, np.int64, rank=1)
        if len(self.images) != len(self.labels):
            raise InputError(f"{len(self.images)} pictures have {len(self.labels)} labels: each needs exactly one")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: NDArray[np.int64]) -> Split:
        """The pictures at `positions`, in that order."""
        return Split(self.images[positions], self.labels[positions])


@dataclass(frozen=True, eq=False)
class Dataset:
    """The splits of one source of pictures, all of one size and with the same classes.

    Raises `InputError` when the splits differ in picture size or a label has no class.
    """

    name: str
    """as it was asked for: a name in the catalogue, or the path of a folder"""
    train: Split
    test: Split
    classes: tuple[str, ...]
    validation: Split | None = None
    held_out: NDArray[np.int64] | None = None
    """positions in the original training set, ascending, that `validation` was taken from"""
    background: Background = "dark"
    """of the pictures as they are stored; here all are on a background of 0"""
    sources: Mapping[str, str] = field(default_factory=dict)
    """file name -> SHA-256 of its decompressed content, so that a run can say what it was trained on"""

    def __post_init__(self) -> None:
        for split in (self.train, self.test):
            self._check_split(split)

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        _, _, height, width = self.train.images.shape
        return height, width

    @property
    def channels(self) -> int:
        return int(self.train.images.shape[1])

    def hold_out(self, fraction: float, seed: int) -> Dataset:
        """Move `fraction` of the training pictures of every class, drawn with `seed`, to `validation`.

        Both parts keep the order of the original. A fraction of 0 changes nothing. Raises `InputError` for a
        fraction outside [0, 1), for a class with too few pictures, and where a part is held out already.
        """
        if not 0 <= fraction < 1:
            raise InputError(f"the fraction to hold out is {fraction}: it must be at least 0 and less than 1")
        if fraction == 0:
            return self
        if self.validation is not None:
            raise InputError(f"{self.name} has its validation split already: hold out from the original data set")
        kept, held = stratified(self.train.labels, fraction, seed, self.name, self.classes)
        return replace(self, train=self.train.take(kept), validation=self.train.take(held), held_out=held)

    def limit(self, pictures: int, seed: int) -> Dataset:
        """Keep so many of the training pictures, drawn with `seed`, in the order of the original; 0 keeps all.

        Raises `InputError` when there are not as many.
        """
        if pictures == 0:
            return self
        if not 0 < pictures <= len(self.train):
            raise InputError(f"{self.name} has {len(self.train)} pictures to learn from: {pictures} cannot be taken")
        drawn = np.random.default_rng(seed).permutation(len(self.train))[:pictures]
        return replace(self, train=self.train.take(np.sort(drawn)))

    def _check_split(self, split: Split) -> None:
        shape, expected = split.images.shape[1:], self.train.images.shape[1:]
        if shape != expected:
            raise InputError(
                f"{self.name}: test pictures of shape {shape} do not match training pictures of {expected}"
            )
        low, high = int(split.labels.min(initial=0)), int(split.labels.max(initial=0))
        if low < 0 or high >= len(self.classes):
            wrong = low if low < 0 else high
            raise InputError(f"{self.name}: label {wrong} has no class: labels go from 0 to {len(self.classes) - 1}")


def stratified(
    labels: NDArray[np.int64], fraction: float, seed: int, name: str, classes: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ascending positions to keep and to set aside: `fraction` of every class, drawn with `seed`.

    Raises `InputError`, which names the data set `name`, when a class has too few pictures for that.
    """
    from sklearn.model_selection import train_test_split

    try:
        kept, held = train_test_split(
            np.arange(len(labels), dtype=np.int64), test_size=fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        present, counts = np.unique(labels, return_counts=True)
        smallest = f", class '{classes[present[counts.argmin()]]}' only {counts.min()}" if len(labels) else ""
        raise InputError(
            f"{name} has too few pictures to set {fraction:.3g} of every class aside: {len(labels)}{smallest}"
        ) from error
    return np.sort(kept), np.sort(held)


def fingerprint(*splits: Split) -> str:
    """The SHA-256 over the pictures and labels of `splits`, in order."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(str(split.images.shape).encode())
        digest.update(np.ascontiguousarray(split.images).data)
        digest.update(split.labels.astype("<i8").data)
    return digest.hexdigest()


def _check_array(name: str, array: object, dtype: type[np.generic], *, rank: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != rank:
        found = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise InputError(f"{name} are {found}: expected a {np.dtype(dtype).name} array of rank {rank}")
