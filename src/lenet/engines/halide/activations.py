"""Squashing functions that the kernels know: what they give, and their slope there.

All of these rise and never fall. So the slope is known from the unit's value, the sum need not be kept, and a maximum
may be taken of the sums before they are squashed, once for four units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest

import halide as hl

from lenet.models.activations import A, S

Function = Callable[[hl.Expr], hl.Expr]


@dataclass(frozen=True)
class Activation:
    """`squash` takes the weighted sum; `slope` takes what that gave, and is the derivative by the sum."""

    squash: Function
    slope: Function


def _tanh(s: hl.Expr) -> hl.Expr:
    """By Lambert's continued fraction, s / (1 + q / (3 + q / (5 + q / ...))) with q = s * s, ended after twelve terms.

    Up to 8 that is tanh to a few roundings, and from there on float32 knows only 1. Ended, it is one polynomial of q
    over another: cheaper than the exponential function, and as exact around 0.
    """
    s = hl.clamp(s, -8, 8)
    return s * _convergent([], [1], s * s) / _convergent([1], [1], s * s)


def _convergent(before: list[int], last: list[int], q: hl.Expr) -> hl.Expr:
    """The numerator or the denominator after twelve terms, from those after none and one, by their coefficients."""
    for odd in range(3, 24, 2):
        before, last = last, [odd * a + b for a, b in zip_longest(last, [0, *before], fillvalue=0)]
    return reduce(lambda above, coefficient: above * q + hl.f32(coefficient), reversed(last[:-1]), hl.f32(last[-1]))


ACTIVATIONS: dict[str | None, Activation] = {
    None: Activation(lambda s: s, lambda y: hl.f32(1)),
    "tanh": Activation(_tanh, lambda y: 1 - y * y),
    "scaled-tanh": Activation(
        lambda s: hl.f32(A) * _tanh(hl.f32(S) * s), lambda y: hl.f32(S * A) - hl.f32(S / A) * y * y
    ),
    "logistic": Activation(lambda s: 1 / (1 + hl.exp(hl.min(-s, hl.f32(88)))), lambda y: y * (1 - y)),
    "relu": Activation(lambda s: hl.max(s, 0), lambda y: hl.select(y > 0, hl.f32(1), hl.f32(0))),
}
