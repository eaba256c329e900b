"""Squashing functions that the kernels know: what they give, and their slope there.

All of these rise and never fall. So the slope is known from the unit's value, the sum need not be kept, and a maximum
may be taken of the sums before they are squashed, once for four units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import halide as hl

from lenet.models.activations import A, S

Function = Callable[[hl.Expr], hl.Expr]


@dataclass(frozen=True)
class Activation:
    """`squash` takes the weighted sum; `slope` takes what that gave, and is the derivative by the sum."""

    squash: Function
    slope: Function


def _tanh(s: hl.Expr) -> hl.Expr:
    """By the exponential function where that is exact, by its power series around 0."""
    e = hl.exp(-2 * hl.abs(s))
    far = hl.select(s < 0, e - 1, 1 - e) / (1 + e)
    q = s * s
    near = s * (1 + q * (hl.f32(-1 / 3) + q * (hl.f32(2 / 15) + q * (hl.f32(-17 / 315) + q * hl.f32(62 / 2835)))))
    return hl.select(q < 1 / 16, near, far)


ACTIVATIONS: dict[str | None, Activation] = {
    None: Activation(lambda s: s, lambda y: hl.f32(1)),
    "tanh": Activation(_tanh, lambda y: 1 - y * y),
    "scaled-tanh": Activation(
        lambda s: hl.f32(A) * _tanh(hl.f32(S) * s), lambda y: hl.f32(S * A) - hl.f32(S / A) * y * y
    ),
    "logistic": Activation(lambda s: 1 / (1 + hl.exp(hl.min(-s, hl.f32(88)))), lambda y: y * (1 - y)),
    "relu": Activation(lambda s: hl.max(s, 0), lambda y: hl.select(y > 0, hl.f32(1), hl.f32(0))),
}
