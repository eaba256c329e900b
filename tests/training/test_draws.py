"""What chance decides: every picture once in its time, distorted once for all or anew, and all of it repeatable.

pytest tests/training/test_draws.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lenet.data.augment import Augmentation
from lenet.training.draws import Draws, Presented
from lenet.training.recipe import Recipe

PICTURES = 50
MOVED = Augmentation(shift=2, elastic=0.5)
FIXED = replace(MOVED, copies=3)
AS_IT_IS = [1, 0, 0, 0, 1, 0] + [0] * 128


def draws(augmentation: Augmentation, **fields: Any) -> Draws:
    return Draws(Recipe(augmentation=augmentation, curvature_pictures=20, **fields), PICTURES)


def rows(presented: Presented) -> NDArray[np.float64]:
    """Each presented pattern in a row: its picture, then the numbers that distort it."""
    index, distortions = presented
    assert distortions is not None
    return np.column_stack([index, distortions])


@pytest.mark.parametrize("augmentation", [Augmentation(), MOVED])
@pytest.mark.parametrize("order", ["shuffled", "constant"])
def test_each_epoch_presents_every_picture(augmentation: Augmentation, order: str) -> None:
    made = draws(augmentation, order=order)
    first, second = made.presented(0)[0], made.presented(1)[0]
    for index in (first, second):
        assert sorted(index) == list(range(PICTURES))
    assert (order == "constant") == np.array_equal(first, second)


def test_nothing_is_distorted_that_is_not_to_be() -> None:
    assert draws(Augmentation()).presented(0)[1] is None
    assert draws(Augmentation()).sample(0)[1] is None


def test_distortions_are_drawn_anew_in_every_epoch() -> None:
    made = draws(MOVED, order="constant")
    first, second = (rows(made.presented(epoch)) for epoch in range(2))
    assert first.shape == (PICTURES, 1 + MOVED.numbers)
    assert len(np.unique(np.concatenate([first, second])[:, 1:], axis=0)) == 2 * PICTURES


@pytest.mark.parametrize("order", ["shuffled", "constant"])
def test_pictures_and_their_copies_are_presented_once_each_before_any_comes_again(order: str) -> None:
    """Of each picture itself and three copies; in the next round the same ones, in the same order if it is constant."""
    made = draws(FIXED, order=order)
    rounds = []
    for start in (0, 4):
        patterns = np.concatenate([rows(made.presented(epoch)) for epoch in range(start, start + 4)])
        assert np.bincount(patterns[:, 0].astype(int)).tolist() == [4] * PICTURES
        assert len(np.unique(patterns[:, 1:], axis=0)) == 3 * PICTURES + 1
        undistorted = (patterns[:, 1:] == AS_IT_IS).all(axis=1)
        assert sorted(patterns[undistorted, 0]) == list(range(PICTURES))
        rounds.append(patterns)
    first, second = rounds
    assert np.array_equal(np.unique(first, axis=0), np.unique(second, axis=0))
    assert (order == "constant") == np.array_equal(first, second)


def test_second_derivatives_are_estimated_from_patterns_of_the_training_set() -> None:
    made = draws(FIXED)
    patterns = {tuple(row) for epoch in range(4) for row in rows(made.presented(epoch))}
    first, second = ({tuple(row) for row in rows(made.sample(epoch))} for epoch in range(2))
    assert len(first) == len(second) == 20
    assert first | second <= patterns
    assert first != second


@pytest.mark.parametrize("augmentation", [MOVED, FIXED])
def test_the_seed_and_the_epoch_decide_whatever_was_drawn_before(augmentation: Augmentation) -> None:
    made, other = draws(augmentation), draws(augmentation)
    made.presented(0)
    assert np.array_equal(rows(made.presented(2)), rows(other.presented(2)))
    assert np.array_equal(rows(made.sample(2)), rows(other.sample(2)))
    assert not np.array_equal(rows(made.presented(2)), rows(draws(augmentation, seed=1).presented(2)))
