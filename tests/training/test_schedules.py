"""Schedules: against torch's own, and what holds for every one.

Run: pytest tests/training/test_schedules.py
"""

from __future__ import annotations

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
