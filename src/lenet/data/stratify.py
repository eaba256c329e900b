"""The stratified split of scikit-learn's `train_test_split`, drawn by NumPy: importing scikit-learn takes a second."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError

Positions = NDArray[np.int64]


def stratified(
    labels: NDArray[np.int64], fraction: float, seed: int, name: str, classes: tuple[str, ...]
) -> tuple[Positions, Positions]:
    """Return the positions of the pictures that stay, and of those set aside, both ascending.

    `fraction` of each class, rounded, is drawn with `seed` and set aside. Raises `InputError` when a class has a single
    picture, or when one of the two parts would have fewer pictures than there are classes. The message names the data
    set `name` and the smallest of the `classes`.
    """
    present, counts = np.unique(labels, return_counts=True)
    aside = ceil(fraction * len(labels))
    if counts.min(initial=2) < 2 or min(aside, len(labels) - aside) < max(1, len(present)):
        smallest = f", class '{classes[present[counts.argmin()]]}' only {counts.min()}" if len(labels) else ""
        raise InputError(
            f"{name} has too few pictures to set {fraction:.3g} of every class aside: {len(labels)}{smallest}"
        )
    random = np.random.RandomState(seed)
    stay = _shares(counts, len(labels) - aside, random)
    leave = _shares(counts - stay, aside, random)
    kept, held = [], []
    for label, staying, leaving in zip(present, stay, leave, strict=True):
        drawn = random.permutation(np.flatnonzero(labels == label))
        kept.append(drawn[:staying])
        held.append(drawn[staying : staying + leaving])
    return np.sort(np.concatenate(kept)), np.sort(np.concatenate(held))


def _shares(counts: Positions, total: int, random: np.random.RandomState) -> Positions:
    """Return how many pictures each class gives, `total` in all, if the classes have `counts` pictures.

    Each class gives its share in proportion to its count, rounded down. The classes with the largest remainders give
    one more, and `random` decides between equal remainders.
    """
    exact = counts / counts.sum() * total
    shares: Positions = np.floor(exact).astype(np.int64)
    remainders = exact - shares
    missing = total - int(shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        more = random.choice(tied, size=min(len(tied), missing), replace=False)
        shares[more] += 1
        missing -= len(more)
    return shares
