"""Softmax and cross-entropy, forward and back at once: the end of the pipeline is the beginning of its way back."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.lower import Plan
from lenet.engines.halide.units import Units, chunk, in_vectors, m, n, x, y


def cross_entropy(
    scores: Units, label: hl.Expr, counts: hl.Expr, count: hl.Expr, smoothing: float, plan: Plan
) -> tuple[hl.Func, hl.Func, hl.Func]:
    """The gradient of the mean loss by the scores, and for each image `[n, chunk]` its loss and whether it was missed.

    Of the images only those of which `counts` is true are there, `count` in all; the others fill up the last chunk.
    """
    classes = scores.shape[0]
    r = hl.RDom([(0, classes)], "classes")
    names = ("label", "weight", "largest", "answer", "total", "power", "powers", "scores_back", "loss", "miss")
    of, weight, largest, answer, total, power, powers, back, loss, miss = (hl.Func(name) for name in names)
    of[n, chunk] = hl.unsafe_promise_clamped(label, 0, classes - 1)
    weight[n, chunk] = hl.select(counts, hl.f32(1), hl.f32(0))
    largest[n, chunk] = hl.maximum(r, scores(n, 0, 0, r.x))
    answer[n, chunk] = hl.argmax(r, scores(n, 0, 0, r.x))[0]
    total[n, chunk] = hl.f32(0)
    total[n, chunk] += scores(n, 0, 0, r.x)
    power[n, m, chunk] = hl.exp(scores(n, 0, 0, m) - largest[n, chunk])
    powers[n, chunk] = hl.f32(0)
    powers[n, chunk] += power[n, r.x, chunk]

    certain, spread = hl.f32(1 - smoothing), hl.f32(smoothing / classes)
    target = spread + hl.select(m == of[n, chunk], certain, hl.f32(0))
    back[n, x, y, m, chunk] = (power[n, m, chunk] / powers[n, chunk] - target) * weight[n, chunk] / hl.f32(count)
    wanted = certain * scores(n, 0, 0, of[n, chunk]) + spread * total[n, chunk]
    loss[n, chunk] = (hl.log(powers[n, chunk]) + largest[n, chunk] - wanted) * weight[n, chunk]
    miss[n, chunk] = hl.select(answer[n, chunk] == of[n, chunk], hl.f32(0), weight[n, chunk])

    for func in (of, weight, largest, answer, total, power, powers, back, loss, miss):
        in_vectors(plan.compute(func))
    for func in (total, powers):
        in_vectors(func.update())
    return back, loss, miss
