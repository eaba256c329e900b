"""The arithmetic of the losses as Halide expressions, written once for batches and for single pictures.

The losses are those of `lenet.engines.losses`, for one image. In every function, `logit(m)` is the logit of class m,
and `right` is the class of the image. A sum, a maximum or an exponential that is used more than once is stored by the
plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.plan import OfClass, Plan
from lenet.engines.method import Method

LOSS_SETTINGS = ("loss", "label_smoothing", "rubbish")  # the fields of a `Method` that the loss depends on


@dataclass(frozen=True)
class Loss:
    """The `value` of the loss for one image, and `gradient(m)`, its derivative with respect to the logit of class m."""

    value: hl.Expr
    gradient: OfClass


def make_loss(method: Method, classes: int, logit: OfClass, right: hl.Expr, plan: Plan) -> Loss:
    """Return the loss that `method` names, for one image of class `right`.

    `classes` is the number of classes, and `logit(m)` is the logit of class m. `plan` stores the sums, maxima and
    exponentials that are used more than once.
    """
    if method.loss == "distance":
        return Loss(-logit(right), lambda m: hl.select(m == right, hl.f32(-1), hl.f32(0)))
    if method.loss == "squared-error":
        return _squared_error(classes, logit, right)
    return _log_posterior(method, classes, logit, right, plan)


def missed(classes: int, logit: OfClass, right: hl.Expr) -> hl.Expr:
    """Return 0 if the prediction is the class `right`, else 1; if several logits are the highest, the first counts."""
    r = hl.RDom([(0, classes)], "classes")
    return hl.select(hl.argmax(r, logit(r.x))[0] == right, hl.f32(0), hl.f32(1))


def _squared_error(classes: int, logit: OfClass, right: hl.Expr) -> Loss:
    """The mean squared error against targets of +1 for the right class and -1 for the others (1989)."""
    r = hl.RDom([(0, classes)], "classes")

    def error(m: hl.Expr) -> hl.Expr:
        return logit(m) - hl.select(m == right, hl.f32(1), hl.f32(-1))

    value = hl.sum(r, error(r.x) * error(r.x)) * hl.f32(1 / classes)
    return Loss(value, lambda m: error(m) * hl.f32(2 / classes))


def _log_posterior(method: Method, classes: int, logit: OfClass, right: hl.Expr, plan: Plan) -> Loss:
    """The cross-entropy with label smoothing or, for the loss map, with a rubbish class instead (1998, eq. 9).

    The logit of the rubbish class is always `-method.rubbish`. The largest logit is subtracted before the exponential
    function, so that nothing overflows.
    """
    r = hl.RDom([(0, classes)], "classes")
    rubbish = hl.f32(-method.rubbish)
    largest, rubbish_power = hl.maximum(r, logit(r.x)), hl.f32(0)
    if method.loss == "map":
        largest = hl.max(largest, rubbish)
    largest = plan.number("largest", largest)
    power = plan.numbers("power", classes, lambda m: hl.exp(logit(m) - largest))
    if method.loss == "map":
        rubbish_power = hl.exp(rubbish - largest)
    powers = plan.number("powers", hl.sum(r, power(r.x)) + rubbish_power)

    smoothing = method.label_smoothing if method.loss == "cross-entropy" else 0.0
    certain, spread = hl.f32(1 - smoothing), hl.f32(smoothing / classes)
    expected = certain * logit(right) + spread * plan.number("total", hl.sum(r, logit(r.x)))

    def gradient(m: hl.Expr) -> hl.Expr:
        return power(m) / powers - (spread + hl.select(m == right, certain, hl.f32(0)))

    return Loss(hl.log(powers) + largest - expected, gradient)
