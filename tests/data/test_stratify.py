"""A stratified split is that of scikit-learn, number by number.

pytest tests/data/test_stratify.py
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from lenet.data.stratify import stratified
from lenet.errors import InputError


@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=12),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_scikit_learns(counts: list[int], fraction: float, seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    classes = tuple(str(number) for number in range(len(counts)))
    places = np.arange(len(labels))
    try:
        expected = train_test_split(places, test_size=fraction, stratify=labels, random_state=seed)
    except ValueError:
        with pytest.raises(InputError, match="it has too few pictures"):
            stratified(labels, fraction, seed, "it", classes)
        return
    found = stratified(labels, fraction, seed, "it", classes)
    assert [part.tolist() for part in found] == [np.sort(part).tolist() for part in expected]
