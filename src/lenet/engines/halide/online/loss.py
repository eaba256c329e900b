"""The losses of a single picture, by its scores: the value, the gradient, and whether the picture was missed."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.online.planes import Planes
from lenet.engines.halide.units import m
from lenet.engines.method import Method


def loss_of(scores: Planes, label: hl.Expr, method: Method) -> tuple[hl.Func, hl.Func, hl.Func]:
    """The gradient by the scores `[m]`, the loss and the miss, each a number `[]`; as in `lenet.engines.losses`."""
    classes = scores.shape[0]
    r = hl.RDom([(0, classes)], "classes")
    of, back, loss, miss = (hl.Func(name) for name in ("label", "by_scores", "loss", "miss"))
    of[()] = hl.unsafe_promise_clamped(label, 0, classes - 1)
    miss[()] = hl.select(hl.argmax(r, scores(r.x))[0] == of[()], hl.f32(0), hl.f32(1))
    is_right = m == of[()]
    if method.loss == "distance":
        back[m] = hl.select(is_right, hl.f32(-1), hl.f32(0))
        loss[()] = -scores(of[()])
    elif method.loss == "squared-error":
        off = scores(m) - hl.select(is_right, hl.f32(1), hl.f32(-1))
        back[m] = off * hl.f32(2 / classes)
        loss[()] = hl.sum(r, back[r.x] * back[r.x]) * hl.f32(classes / 4)
    else:
        _log_posterior(scores, of[()], method, back, loss)
    back.compute_root().bound(m, 0, classes)
    for func in (of, loss, miss):
        func.compute_root()
    return back, loss, miss


def _log_posterior(scores: Planes, label: hl.Expr, method: Method, back: hl.Func, loss: hl.Func) -> None:
    """Cross-entropy; with the rubbish class of eq. 9, which has a score of its own, beside the others."""
    classes = scores.shape[0]
    r = hl.RDom([(0, classes)], "classes")
    largest, power, powers = hl.Func("largest"), hl.Func("power"), hl.Func("powers")
    rubbish = hl.f32(-method.rubbish)
    most = hl.maximum(r, scores(r.x))
    largest[()] = hl.max(most, rubbish) if method.loss == "map" else most
    power[m] = hl.exp(scores(m) - largest[()])
    sums = hl.sum(r, power[r.x])
    powers[()] = sums + hl.exp(rubbish - largest[()]) if method.loss == "map" else sums
    smoothing = method.label_smoothing if method.loss == "cross-entropy" else 0.0
    certain, spread = hl.f32(1 - smoothing), hl.f32(smoothing / classes)
    back[m] = power[m] / powers[()] - spread - hl.select(m == label, certain, hl.f32(0))
    wanted = certain * scores(label) + spread * hl.sum(r, scores(r.x))
    loss[()] = hl.log(powers[()]) + largest[()] - wanted
    largest.compute_root()
    power.compute_root().bound(m, 0, classes)
    powers.compute_root()
