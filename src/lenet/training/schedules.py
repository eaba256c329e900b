"""The learning rate over a training: pure functions of how far it has come."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Schedule = Literal["constant", "linear", "cosine"]

DECLINES: dict[Schedule, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + math.cos(math.pi * t)) / 2,
}


def rate_factor(schedule: Schedule, warmup: float, step: int, steps: int) -> float:
    """The rate of step `step` (from 0) of `steps`, as a share of the highest.

    It rises in a straight line over the first `warmup` share of the steps, then declines by the schedule.
    """
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (rising + 1)
    return DECLINES[schedule]((step - rising) / max(1.0, steps - rising))
