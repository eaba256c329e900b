"""What a training makes small, in torch: functions of scores `(n, classes)` and labels `(n,)`, means over the pictures.

The scores of an RBF output are minus the paper's distances y (eq. 7), and its losses are written with those.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.engines.method import Loss, Method

Criterion = Callable[[Tensor, Tensor], Tensor]


def make_loss(method: Method) -> Criterion:
    """The loss that `method` names, with its numbers."""
    return LOSSES[method.loss](method)


def _cross_entropy(method: Method) -> Criterion:
    """In nats, of the softmax of the scores."""
    return lambda scores, labels: F.cross_entropy(scores, labels, label_smoothing=method.label_smoothing)


def _distance(method: Method) -> Criterion:
    """To the code of the right class (1998, eq. 8)."""
    return lambda scores, labels: -scores.gather(1, labels[:, None]).mean()


def _map(method: Method) -> Criterion:
    """Minus the log posterior of the right class, beside a rubbish class at distance j (1998, eq. 9)."""

    def loss(scores: Tensor, labels: Tensor) -> Tensor:
        rubbish = torch.full_like(scores[:, :1], -method.rubbish)
        return F.cross_entropy(torch.cat([scores, rubbish], 1), labels)

    return loss


def _squared_error(method: Method) -> Criterion:
    """Of every score, which is to be 1 for the right class and -1 for the others (1989)."""
    return lambda scores, labels: F.mse_loss(scores, 2.0 * F.one_hot(labels, scores.shape[1]).to(scores) - 1)


LOSSES: dict[Loss, Callable[[Method], Criterion]] = {
    "cross-entropy": _cross_entropy,
    "distance": _distance,
    "map": _map,
    "squared-error": _squared_error,
}
