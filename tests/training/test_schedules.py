"""Schedules are torch's or the paper's, and every rate is above 0 and at most the highest.

pytest tests/training/test_schedules.py
"""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lenet.training.schedules import DECLINES, Schedule, rate_factor


def test_the_cosine_is_torchs() -> None:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=50)
    for step in range(50):
        assert rate_factor("cosine", 0.0, step, 50) == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-12)
        optimiser.step()
        reference.step()


def test_the_paper_of_1998_has_five_rates() -> None:
    """Section III.B gives rates for passes 1 and 2, 3 to 5, 6 to 8, 9 to 12, and 13 on, of 60,000 steps each."""
    rates = [5e-4 * rate_factor("lecun1998", 0.0, step, 1_200_000) for step in range(0, 1_200_000, 30_000)]
    expected = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
    assert rates == pytest.approx([rate for rate in expected for _ in range(2)], rel=1e-12)


def test_the_exponential_falls_by_the_same_share_each_step_to_a_hundredth() -> None:
    factors = [rate_factor("exponential", 0.0, step, 50) for step in range(51)]
    assert factors[0] == 1
    assert factors[-1] == pytest.approx(0.01)
    assert [b / a for a, b in pairwise(factors)] == pytest.approx([0.01 ** (1 / 50)] * 50)


@given(
    st.sampled_from(sorted(DECLINES)), st.floats(0, 1), st.integers(1, 10_000).flatmap(
        lambda steps: st.tuples(st.integers(0, steps - 1), st.just(steps))
    ),
)  # fmt: skip
def test_a_rate_is_never_negative_nor_above_the_highest(
    schedule: Schedule, warmup: float, place: tuple[int, int]
) -> None:
    assert 0 < rate_factor(schedule, warmup, *place) <= 1


@pytest.mark.parametrize("schedule", DECLINES)
def test_the_warm_up_rises_in_a_straight_line_to_the_highest(schedule: Schedule) -> None:
    factors = [rate_factor(schedule, 0.1, step, 100) for step in range(11)]
    assert factors == pytest.approx([(step + 1) / 11 for step in range(11)])
