"""The losses of a chunk and their gradients, where the forward pass ends and the backward pass begins."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import Units, chunk, in_vectors, n
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.losses import make_loss, missed
from lenet.engines.method import Method


def loss_of(
    logits: Units, label: hl.Expr, counts: hl.Expr, count: hl.Expr, method: Method, plan: ChunkPlan
) -> tuple[hl.Func, hl.Func, hl.Func]:
    """Return the gradient `[n, x, y, m, chunk]`, the losses `[n, chunk]` and the misses `[n, chunk]`.

    The gradient is that of the batch's mean loss with respect to the output's sums. `label` is the class of an image.
    The batch consists of the `count` images for which `counts` is true. The others only fill up the last chunks, and
    all their results are multiplied by 0.
    """
    classes = logits.shape[0]
    right = plan.number("label", hl.unsafe_promise_clamped(label, 0, classes - 1))
    weight = plan.number("weight", hl.select(counts, hl.f32(1), hl.f32(0)))

    def logit(m: hl.Expr) -> hl.Expr:
        return logits(n, 0, 0, m)

    found = make_loss(method, classes, logit, right, plan)
    by_sums, loss, miss = (hl.Func(name) for name in ("by_output_sums", "loss", "miss"))
    by_sums[n, x, y, m, chunk] = found.gradient(m) * logits.slope(n, 0, 0, m) * weight / hl.f32(count)
    loss[n, chunk] = found.value * weight
    miss[n, chunk] = missed(classes, logit, right) * weight
    for func in (by_sums, loss, miss):
        in_vectors(plan.compute(func))
    return by_sums, loss, miss
