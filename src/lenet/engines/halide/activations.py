"""The squashing functions as Halide expressions, and their slopes.

Most of them never fall. So the largest of four units belongs to the largest of their sums, and only that sum is
squashed. Most slopes can be computed from the value of the unit, so the sum need not be stored. The others are computed
from the sum, together with the unit, and stored beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from math import pi, sqrt

import halide as hl

from lenet.models.activations import A, S
from lenet.models.activations import Activation as Name

Function = Callable[[hl.Expr], hl.Expr]


@dataclass(frozen=True)
class Activation:
    """A squashing function.

    `squash` takes the weighted sum and returns the unit. `slope` returns the derivative of the unit with respect to the
    sum. It takes the unit, or the sum if `needs_sum` is true. `falls` is true if the function falls anywhere.
    """

    squash: Function
    slope: Function
    needs_sum: bool = False
    falls: bool = False

    def with_slope(self, total: hl.Expr, *, learning: bool = True) -> hl.Expr | tuple[hl.Expr, hl.Expr]:
        """Return the unit whose sum is `total`; also its slope, if `learning` is true and the slope needs the sum."""
        unit = self.squash(total)
        return (unit, self.slope(total)) if learning and self.needs_sum else unit


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


def _polynomial(x: hl.Expr, coefficients: list[float]) -> hl.Expr:
    """Return the polynomial in `x` with these `coefficients`, lowest power first."""
    *lower, highest = map(hl.f32, coefficients)
    return reduce(lambda above, coefficient: above * x + coefficient, reversed(lower), highest)


def _logistic(s: hl.Expr) -> hl.Expr:
    return 1 / (1 + hl.exp(hl.min(-s, hl.f32(88))))


def _expm1(s: hl.Expr) -> hl.Expr:
    """Return exp(s) - 1 for `s` up to 0. It is 2 t / (1 - t) with t = tanh(s / 2), which loses no digits near 0."""
    t = _tanh(hl.min(s, hl.f32(0)) * hl.f32(0.5))
    return 2 * t / (1 - t)


def _log1p(u: hl.Expr) -> hl.Expr:
    """Return log(1 + u) for `u` from 0 to 1. It is 2 artanh(r) with r = u / (2 + u), by the first eight terms."""
    r = u / (2 + u)
    return 2 * r * _polynomial(r * r, [1 / odd for odd in range(1, 17, 2)])


def _linear_above_0(scale: float, alpha: float) -> Activation:
    """Return `scale` times the function s for s > 0 and `alpha` (exp(s) - 1) below."""
    return Activation(
        lambda s: hl.f32(scale) * hl.select(s > 0, s, hl.f32(alpha) * _expm1(s)),
        lambda y: hl.select(y > 0, hl.f32(scale), y + hl.f32(scale * alpha)),
    )


def _clamp(low: float, high: float) -> Activation:
    return Activation(
        lambda s: hl.clamp(s, hl.f32(low), hl.f32(high)),
        lambda y: hl.select((y > hl.f32(low)) & (y < hl.f32(high)), hl.f32(1), hl.f32(0)),
    )


def _silu(s: hl.Expr) -> hl.Expr:
    share = 1 / (1 + hl.exp(hl.min(-s, hl.f32(88.7))))
    return hl.select(s > hl.f32(-88.7), s, hl.f32(0)) * share


def _silu_slope(s: hl.Expr) -> hl.Expr:
    share = _logistic(s)
    return share * (1 + hl.clamp(s, -88, 88) * (1 - share))


def _mish_product(s: hl.Expr) -> hl.Expr:
    """Return p = e (e + 2) with e = exp(s), so that tanh(softplus(s)) is p / (p + 2).

    Above 20, p keeps its value at 20, where that quotient is 1 in float32.
    """
    root = hl.exp(hl.clamp(s, -200, 20) * hl.f32(0.5))
    return root * root * (root * root + 2)


def _mish(s: hl.Expr) -> hl.Expr:
    p = _mish_product(s)
    return hl.select(s > 20, s, hl.min(s, hl.f32(20)) * (p / (p + 2)))


def _mish_slope(s: hl.Expr) -> hl.Expr:
    s = hl.clamp(s, -88, 20)
    e, p = hl.exp(s), _mish_product(s)
    return p / (p + 2) + s * 4 * e * (e + 1) / ((p + 2) * (p + 2))


_ERF_ABOVE = [
    -1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6,
    2.77068142495902e-8, -2.72614225801306e-10,
]  # fmt: skip
_ERF_BELOW = [
    -1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5,
]  # fmt: skip


def _normal(s: hl.Expr) -> hl.Expr:
    """Return the share of a standard normal distribution below `s`: (1 + erf(s / sqrt(2))) / 2.

    Between -4 and 4, erf(z) is z times one polynomial in z * z over another; the coefficients are those of Eigen's
    `erf`. As torch's, the result has an error of some 1e-7 even where it is smaller than that.
    """
    z = hl.clamp(s * hl.f32(1 / sqrt(2)), -4, 4)
    return hl.f32(0.5) + hl.f32(0.5) * z * _polynomial(z * z, _ERF_ABOVE) / _polynomial(z * z, _ERF_BELOW)


def _gelu_slope(s: hl.Expr) -> hl.Expr:
    near = hl.clamp(s, -13, 13)
    return _normal(s) + near * hl.exp(hl.f32(-0.5) * near * near) * hl.f32(1 / sqrt(2 * pi))


IDENTITY = Activation(lambda s: s, lambda y: hl.f32(1))

ACTIVATIONS: dict[Name | None, Activation] = {
    None: IDENTITY,
    "tanh": Activation(_tanh, lambda y: 1 - y * y),
    "scaled-tanh": Activation(
        lambda s: hl.f32(A) * _tanh(hl.f32(S) * s), lambda y: hl.f32(S * A) - hl.f32(S / A) * y * y
    ),
    "logistic": Activation(_logistic, lambda y: y * (1 - y)),
    "relu": Activation(lambda s: hl.max(s, 0), lambda y: hl.select(y > 0, hl.f32(1), hl.f32(0))),
    "celu": _linear_above_0(1, 1),
    "elu": _linear_above_0(1, 1),
    "selu": _linear_above_0(1.0507009873554805, 1.6732632423543772),
    "hardtanh": _clamp(-1, 1),
    "relu6": _clamp(0, 6),
    "leaky-relu": Activation(
        lambda s: hl.max(s, hl.f32(0.01) * s), lambda y: hl.select(y > 0, hl.f32(1), hl.f32(0.01))
    ),
    "softsign": Activation(lambda s: s / (1 + hl.abs(s)), lambda y: (1 - hl.abs(y)) * (1 - hl.abs(y))),
    "softplus": Activation(lambda s: hl.max(s, 0) + _log1p(hl.exp(-hl.abs(s))), _logistic, needs_sum=True),
    "silu": Activation(_silu, _silu_slope, needs_sum=True, falls=True),
    "mish": Activation(_mish, _mish_slope, needs_sum=True, falls=True),
    "gelu": Activation(lambda s: s * _normal(s), _gelu_slope, needs_sum=True, falls=True),
}
