"""Pictures and labels in memory: a `Split` is one set of them, and a `Dataset` holds the splits of one source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lenet.data.image import Background, Normalisation
from lenet.data.stratify import stratified
from lenet.errors import InputError


@dataclass(frozen=True, eq=False)
class Split:
    """A set of pictures with their labels.

    `pictures` is `(N, C, H, W)` uint8, from 0 (background) to 255 (ink). `labels` is `(N,)` int64; a label is the
    position of a class in the data set's `classes`. Raises `InputError` for another type or shape, and for unequal
    numbers of pictures and labels.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_array("pictures", self.pictures, np.uint8, rank=4)
        _check_array("labels", self.labels, np.int64, rank=1)
        if len(self.pictures) != len(self.labels):
            raise InputError(f"{len(self.pictures)} pictures have {len(self.labels)} labels: each needs exactly one")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, positions: NDArray[np.int64]) -> Split:
        """Return the pictures and labels at `positions`, in that order."""
        return Split(self.pictures[positions], self.labels[positions])


@dataclass(frozen=True, eq=False)
class Dataset:
    """The splits of one source of pictures, all of one size and with the same classes.

    Raises `InputError` when the pictures of two splits differ in shape, or when a label has no class.
    """

    name: str
    """a name in the catalogue or the path of a folder; for pictures that were made in memory, any name will do"""
    train: Split
    test: Split
    classes: tuple[str, ...]
    validation: Split | None = None
    held_out: NDArray[np.int64] | None = None
    """the positions of `validation` in the original training set, ascending; None unless `hold_out` chose them"""
    background: Background = "dark"
    """the background of the pictures in their files: dark, light (the splits hold them inverted), or either (for a
    picture to predict, its border decides)"""
    normalisation: Normalisation = "frame"
    """the way in which a picture to predict becomes like these: frame (scaled whole) or digit (its ink cropped, scaled
    and centred as MNIST's digits are)"""
    rubbish_class: str = ""
    """the class of the pictures that show none of the others; empty if there is no such class"""
    sources: Mapping[str, str] = field(default_factory=dict)
    """the SHA-256 hashes that a run records, by name: one of each IDX file's decompressed content, or one
    `fingerprint` of all pictures and labels"""

    def __post_init__(self) -> None:
        for what, split in (("training", self.train), ("validation", self.validation), ("test", self.test)):
            if split is not None:
                self._check_split(what, split)

    @cached_property
    def identity(self) -> dict[str, str]:
        """The `sources`, or if there are none the `fingerprint` of `train` and `test`, as SHA-256 hashes by name."""
        return dict(self.sources) or {"pictures": fingerprint(self.train, self.test)}

    @property
    def picture_size(self) -> tuple[int, int]:
        """The height and width of the pictures in pixels."""
        _, _, height, width = self.train.pictures.shape
        return height, width

    @property
    def channels(self) -> int:
        return int(self.train.pictures.shape[1])

    def hold_out(self, fraction: float, seed: int) -> Dataset:
        """Return the data set with `fraction` of the training pictures moved to `validation`.

        `stratified` draws them with `seed`, and both parts stay in the original order. A fraction of 0 changes nothing.
        Raises `InputError` for a fraction outside [0, 1) and, unless it is 0, when there are too few pictures (see
        `stratified`) or when there is a validation split already.
        """
        if not 0 <= fraction < 1:
            raise InputError(f"the fraction to hold out is {fraction}: it must be at least 0 and less than 1")
        if fraction == 0:
            return self
        if self.validation is not None:
            raise InputError(f"{self.name} has its validation split already: hold out from the original data set")
        kept, held = stratified(self.train.labels, fraction, seed, self.name, self.classes)
        return replace(self, train=self.train.take(kept), validation=self.train.take(held), held_out=held)

    def limit(self, count: int, seed: int) -> Dataset:
        """Return the data set with only `count` training pictures; 0 takes all of them.

        They are drawn with `seed`, and stay in the original order. Raises `InputError` if `count` is negative, or above
        the number of training pictures.
        """
        if count == 0:
            return self
        if not 0 < count <= len(self.train):
            raise InputError(f"{self.name} has {len(self.train)} pictures to learn from: {count} cannot be taken")
        drawn = np.random.default_rng(seed).permutation(len(self.train))[:count]
        return replace(self, train=self.train.take(np.sort(drawn)))

    def _check_split(self, what: str, split: Split) -> None:
        shape, expected = split.pictures.shape[1:], self.train.pictures.shape[1:]
        if shape != expected:
            raise InputError(
                f"{self.name}: {what} pictures of shape {shape} do not match training pictures of {expected}"
            )
        low, high = int(split.labels.min(initial=0)), int(split.labels.max(initial=0))
        if low < 0 or high >= len(self.classes):
            wrong = low if low < 0 else high
            last = len(self.classes) - 1
            raise InputError(f"{self.name}: {what} label {wrong} has no class: labels go from 0 to {last}")


def fingerprint(*splits: Split) -> str:
    """Return one SHA-256, in hexadecimal, of the shapes, pictures and labels of `splits`, in the order given."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(str(split.pictures.shape).encode())
        digest.update(np.ascontiguousarray(split.pictures).data)
        digest.update(split.labels.astype("<i8").data)
    return digest.hexdigest()


def _check_array(name: str, array: object, dtype: type[np.generic], *, rank: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != rank:
        found = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise InputError(f"{name} are {found}: expected a {np.dtype(dtype).name} array of rank {rank}")
