"""The plan decides the order, the distortions and the rates of a training, and all of it is repeatable.

pytest tests/training/test_plan.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lenet.data.augment import Augmentation
from lenet.engines.method import Method
from lenet.training.plan import ORDER, Plan, Presented
from lenet.training.recipe import Recipe
from lenet.training.schedules import rate_factor

PICTURES = 50
MOVED = Augmentation(shift=2, elastic=0.5)
FIXED = replace(MOVED, copies=3)
AS_IT_IS = [1, 0, 0, 0, 1, 0] + [0] * 128


def plan_of(augmentation: Augmentation, **fields: Any) -> Plan:
    return Plan(Recipe(augmentation=augmentation, curvature_pictures=20, **fields), PICTURES)


def rows(presented: Presented) -> NDArray[np.float64]:
    """Return a row for each item: the index of its picture, then the numbers that distort it."""
    index, distortions = presented
    assert distortions is not None
    return np.column_stack([index, distortions])


@pytest.mark.parametrize("augmentation", [Augmentation(), MOVED])
@pytest.mark.parametrize("order", ["shuffled", "constant"])
def test_each_epoch_presents_every_picture(augmentation: Augmentation, order: str) -> None:
    plan = plan_of(augmentation, order=order)
    first, second = plan.presented(0)[0], plan.presented(1)[0]
    for index in (first, second):
        assert sorted(index) == list(range(PICTURES))
    assert (order == "constant") == np.array_equal(first, second)


def test_nothing_is_distorted_unless_the_recipe_says_so() -> None:
    assert plan_of(Augmentation()).presented(0)[1] is None
    assert plan_of(Augmentation()).sample(0)[1] is None


def test_distortions_are_drawn_anew_in_every_epoch() -> None:
    plan = plan_of(MOVED, order="constant")
    first, second = (rows(plan.presented(epoch)) for epoch in range(2))
    assert first.shape == (PICTURES, 1 + MOVED.numbers)
    assert len(np.unique(np.concatenate([first, second])[:, 1:], axis=0)) == 2 * PICTURES


@pytest.mark.parametrize("order", ["shuffled", "constant"])
def test_pictures_and_their_copies_are_presented_once_each_before_any_comes_again(order: str) -> None:
    """Each picture comes with three copies. The next round has the same items, in the same order if it is constant."""
    plan = plan_of(FIXED, order=order)
    rounds = []
    for start in (0, 4):
        items = np.concatenate([rows(plan.presented(epoch)) for epoch in range(start, start + 4)])
        assert np.bincount(items[:, 0].astype(int)).tolist() == [4] * PICTURES
        assert len(np.unique(items[:, 1:], axis=0)) == 3 * PICTURES + 1
        undistorted = (items[:, 1:] == AS_IT_IS).all(axis=1)
        assert sorted(items[undistorted, 0]) == list(range(PICTURES))
        rounds.append(items)
    first, second = rounds
    assert np.array_equal(np.unique(first, axis=0), np.unique(second, axis=0))
    assert (order == "constant") == np.array_equal(first, second)


def test_second_derivatives_are_estimated_from_patterns_of_the_training_set() -> None:
    plan = plan_of(FIXED)
    items = {tuple(row) for epoch in range(4) for row in rows(plan.presented(epoch))}
    first, second = ({tuple(row) for row in rows(plan.sample(epoch))} for epoch in range(2))
    assert len(first) == len(second) == 20
    assert first | second <= items
    assert first != second


@pytest.mark.parametrize("augmentation", [MOVED, FIXED])
def test_the_seed_and_the_epoch_decide_whatever_was_drawn_before(augmentation: Augmentation) -> None:
    plan, other = plan_of(augmentation), plan_of(augmentation)
    plan.presented(0)
    assert np.array_equal(rows(plan.presented(2)), rows(other.presented(2)))
    assert np.array_equal(rows(plan.sample(2)), rows(other.sample(2)))
    assert not np.array_equal(rows(plan.presented(2)), rows(plan_of(augmentation, seed=1).presented(2)))


def test_the_order_is_the_same_for_ever() -> None:
    """The seed, the stream and the turn decide it; another order would change the bits of every published network."""
    for epoch in range(3):
        expected = np.random.default_rng((7, ORDER, epoch)).permutation(PICTURES)
        assert np.array_equal(plan_of(Augmentation(), seed=7).presented(epoch)[0], expected)


def test_the_last_step_of_an_epoch_may_be_smaller() -> None:
    plan = plan_of(Augmentation(), method=Method(batch=16), epochs=3)
    assert (plan.steps_per_epoch, plan.steps) == (4, 12)


def test_the_rate_follows_the_schedule_over_all_steps() -> None:
    plan = plan_of(Augmentation(), method=Method(batch=16), rate=0.3, schedule="cosine", warmup=0.25, epochs=3)
    rates = [plan.rate(step) for step in range(plan.steps)]
    assert rates == [0.3 * rate_factor("cosine", 0.25, step, 12) for step in range(12)]
    assert max(rates) == rates[3] == 0.3


def test_a_plan_is_a_value() -> None:
    assert plan_of(MOVED) == plan_of(MOVED) != plan_of(MOVED, seed=1)
