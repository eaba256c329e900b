"""The losses, forward and back at once: the end of the pipeline is the beginning of its way back."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.plan import Plan
from lenet.engines.halide.units import Units, chunk, in_vectors, m, n, x, y
from lenet.engines.method import Method


def loss_of(
    scores: Units, label: hl.Expr, counts: hl.Expr, count: hl.Expr, method: Method, plan: Plan
) -> tuple[hl.Func, hl.Func, hl.Func]:
    """The gradient of the mean loss by the output's sums, and for each image `[n, chunk]` its loss and whether missed.

    Of the images only those of which `counts` is true are there, `count` in all; the others fill up the last chunk.
    The losses are those of `lenet.engines.losses`.
    """
    classes = scores.shape[0]
    r = hl.RDom([(0, classes)], "classes")
    names = ("label", "weight", "answer", "scores_back", "loss", "miss")
    of, weight, answer, back, loss, miss = (hl.Func(name) for name in names)
    of[n, chunk] = hl.unsafe_promise_clamped(label, 0, classes - 1)
    weight[n, chunk] = hl.select(counts, hl.f32(1), hl.f32(0))
    answer[n, chunk] = hl.argmax(r, scores(n, 0, 0, r.x))[0]
    right = of[n, chunk]
    if method.loss == "distance":
        by_score, value = hl.select(m == right, hl.f32(-1), hl.f32(0)), -scores(n, 0, 0, right)
    elif method.loss == "squared-error":
        by_score, value = _squared_error(scores, right, r)
    else:
        by_score, value = _log_posterior(scores, right, r, method, plan)
    slope = scores.slope(scores(n, 0, 0, m))
    back[n, x, y, m, chunk] = by_score * slope * weight[n, chunk] / hl.f32(count)
    loss[n, chunk] = value * weight[n, chunk]
    miss[n, chunk] = hl.select(answer[n, chunk] == right, hl.f32(0), weight[n, chunk])
    for func in (of, weight, answer, back, loss, miss):
        in_vectors(plan.compute(func))
    return back, loss, miss


def _squared_error(scores: Units, right: hl.Expr, r: hl.RDom) -> tuple[hl.Expr, hl.Expr]:
    classes = scores.shape[0]

    def off(m: hl.Expr) -> hl.Expr:
        return scores(n, 0, 0, m) - hl.select(m == right, hl.f32(1), hl.f32(-1))

    return off(m) * hl.f32(2 / classes), hl.sum(r, off(r.x) * off(r.x)) * hl.f32(1 / classes)


def _log_posterior(scores: Units, right: hl.Expr, r: hl.RDom, method: Method, plan: Plan) -> tuple[hl.Expr, hl.Expr]:
    """Cross-entropy; for "map" with the rubbish class, which has a score of its own, beside the others (eq. 9)."""
    beside = method.loss == "map"
    largest, total, power, powers = (hl.Func(name) for name in ("largest", "total", "power", "powers"))
    rubbish, most = hl.f32(-method.rubbish), hl.maximum(r, scores(n, 0, 0, r.x))
    largest[n, chunk] = hl.max(most, rubbish) if beside else most
    total[n, chunk] = hl.f32(0)
    total[n, chunk] += scores(n, 0, 0, r.x)
    power[n, m, chunk] = hl.exp(scores(n, 0, 0, m) - largest[n, chunk])
    powers[n, chunk] = hl.exp(rubbish - largest[n, chunk]) if beside else hl.f32(0)
    powers[n, chunk] += power[n, r.x, chunk]
    for func in (largest, total, power, powers):
        in_vectors(plan.compute(func))
    for func in (total, powers):
        in_vectors(func.update())

    smoothing = 0.0 if beside else method.label_smoothing
    certain, spread = hl.f32(1 - smoothing), hl.f32(smoothing / scores.shape[0])
    target = spread + hl.select(m == right, certain, hl.f32(0))
    wanted = certain * scores(n, 0, 0, right) + spread * total[n, chunk]
    return power[n, m, chunk] / powers[n, chunk] - target, hl.log(powers[n, chunk]) + largest[n, chunk] - wanted
