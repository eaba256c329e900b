"""The loss of a single picture, the gradient of the loss, and the miss (1 if the prediction is wrong, else 0)."""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.indices import m
from lenet.engines.halide.losses import make_loss, missed
from lenet.engines.halide.online.plan import PicturePlan
from lenet.engines.halide.online.planes import Planes
from lenet.engines.method import Method


def loss_of(logits: Planes, label: hl.Expr, method: Method, plan: PicturePlan) -> tuple[hl.Func, hl.Expr, hl.Expr]:
    """Return the gradient `[m]`, the loss and the miss (0 or 1) of a picture with the `logits` and the class `label`.

    The gradient is that of the loss with respect to the output's sums.
    """
    classes = logits.shape[0]
    right = plan.number("label", hl.unsafe_promise_clamped(label, 0, classes - 1))
    found = make_loss(method, classes, logits, right, plan)
    by_sums = hl.Func("by_output_sums")
    by_sums[m] = found.gradient(m) * logits.slope(m)
    by_sums.compute_root().bound(m, 0, classes)
    return by_sums, plan.number("loss", found.value), plan.number("miss", missed(classes, logits, right))
