"""The learning rate over a training, as pure functions of its progress."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Schedule = Literal["constant", "linear", "cosine", "exponential", "lecun1998"]

LECUN1998 = ((2, 5e-4), (5, 2e-4), (8, 1e-4), (12, 5e-5), (20, 1e-5))  # the passes done when a rate ends, and the rate


def _lecun1998(t: float) -> float:
    """Return the rate of the 1998 paper (section III.B) at the progress `t` (0 to 1), as a share of the first rate."""
    highest = LECUN1998[0][1]
    return next((rate for until, rate in LECUN1998 if 20 * t < until), LECUN1998[-1][1]) / highest


DECLINES: dict[Schedule, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + math.cos(math.pi * t)) / 2,
    "exponential": lambda t: 0.01**t,
    "lecun1998": _lecun1998,
}


def rate_factor(schedule: Schedule, warmup: float, step: int, steps: int) -> float:
    """Return the rate of `step` (counted from 0) of `steps`, as a share of the highest rate.

    The rate rises linearly during the first steps, whose share of all steps is `warmup`; then it follows `schedule`.
    """
    rising = warmup * steps
    if step < rising:
        return (step + 1) / (rising + 1)
    return DECLINES[schedule]((step - rising) / max(1.0, steps - rising))
