"""The loss of a single picture, its gradient, and the count of its misses, 0 or 1."""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.indices import m
from lenet.engines.halide.losses import OfClass, make_loss, missed
from lenet.engines.halide.online.planes import Planes
from lenet.engines.method import Method


@dataclass(frozen=True)
class _Stored:
    """A `Workspace` that computes every result once and stores it, before anything reads it."""

    classes: int

    def number(self, name: str, value: hl.Expr) -> hl.Expr:
        func = hl.Func(name)
        func[()] = value
        func.compute_root()
        return func[()]

    def numbers(self, name: str, value: OfClass) -> OfClass:
        func = hl.Func(name)
        func[m] = value(m)
        func.compute_root().bound(m, 0, self.classes)
        return lambda m: func[m]


def loss_of(logits: Planes, label: hl.Expr, method: Method) -> tuple[hl.Func, hl.Expr, hl.Expr]:
    """Return the gradient of the loss with respect to the output's sums `[m]`, the loss, and the miss, 0 or 1."""
    classes = logits.shape[0]
    stored = _Stored(classes)
    right = stored.number("label", hl.unsafe_promise_clamped(label, 0, classes - 1))
    found = make_loss(method, classes, logits, right, stored)
    by_sums = hl.Func("by_output_sums")
    by_sums[m] = found.gradient(m) * logits.slope(logits(m))
    by_sums.compute_root().bound(m, 0, classes)
    return by_sums, stored.number("loss", found.value), stored.number("miss", missed(classes, logits, right))
