"""The squashing functions that have kernels, and their slopes.

Apart from rounding, none of these functions ever falls. So in maximum pooling the largest of the four units is that of
the largest sum, and only this sum is squashed. The slope can be computed from the value of the unit, so the sum need
not be stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest

import halide as hl

from lenet.models.activations import A, S
from lenet.models.activations import Activation as Name

Function = Callable[[hl.Expr], hl.Expr]


@dataclass(frozen=True)
class Activation:
    """A squashing function.

    `squash` takes the weighted sum and returns the unit. `slope` takes the unit and returns its derivative with respect
    to the sum.
    """

    squash: Function
    slope: Function


def _tanh(s: hl.Expr) -> hl.Expr:
    """Return tanh(s) from Lambert's continued fraction, cut after twelve terms.

    The fraction is s / (1 + q / (3 + q / (5 + ...))) with q = s * s. From -8 to 8 it is tanh(s) to within a few
    roundings. Beyond, it keeps its value at -8 or 8, which is -1 or 1 to within 4e-7. The cut fraction is the quotient
    of two polynomials in q. It is cheaper than the exponential function, and it keeps its accuracy around 0.
    """
    s = hl.clamp(s, -8, 8)
    return s * _convergent([], [1], s * s) / _convergent([1], [1], s * s)


def _convergent(before: list[int], last: list[int], q: hl.Expr) -> hl.Expr:
    """Return the numerator, divided by s, or the denominator of `_tanh`'s fraction after twelve terms.

    Both are polynomials in `q`. `before` and `last` are the coefficients after no term and after one term, lowest power
    first.
    """
    for odd in range(3, 24, 2):
        before, last = last, [odd * a + b for a, b in zip_longest(last, [0, *before], fillvalue=0)]
    return reduce(lambda above, coefficient: above * q + hl.f32(coefficient), reversed(last[:-1]), hl.f32(last[-1]))


ACTIVATIONS: dict[Name | None, Activation] = {
    None: Activation(lambda s: s, lambda y: hl.f32(1)),
    "tanh": Activation(_tanh, lambda y: 1 - y * y),
    "scaled-tanh": Activation(
        lambda s: hl.f32(A) * _tanh(hl.f32(S) * s), lambda y: hl.f32(S * A) - hl.f32(S / A) * y * y
    ),
    "logistic": Activation(lambda s: 1 / (1 + hl.exp(hl.min(-s, hl.f32(88)))), lambda y: y * (1 - y)),
    "relu": Activation(lambda s: hl.max(s, 0), lambda y: hl.select(y > 0, hl.f32(1), hl.f32(0))),
}
