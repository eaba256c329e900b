"""The losses in torch: functions of logits `(n, classes)` and labels `(n,)`; each returns the mean over the pictures.

The paper writes its losses in terms of y, the squared distances between the units below an RBF output and the codes of
the classes (1998, eq. 7). The logits of such an output are -y.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.engines.method import Loss, Method

Criterion = Callable[[Tensor, Tensor], Tensor]


def make_loss(method: Method) -> Criterion:
    """Return the loss that `method` names, with the label smoothing or the rubbish class that `method` sets."""
    return LOSSES[method.loss](method)


def _cross_entropy(method: Method) -> Criterion:
    """Return the loss `cross-entropy` of the softmax of the logits, in nats; `method` sets the label smoothing."""
    return lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=method.label_smoothing)


def _distance(method: Method) -> Criterion:
    """Return the loss `distance`: minus the logit of the right class.

    For an RBF output, that is the squared distance to the code of the class (1998, eq. 8).
    """
    return lambda logits, labels: -logits.gather(1, labels[:, None]).mean()


def _map(method: Method) -> Criterion:
    """Return the loss `map`: the negative log posterior of the right class (1998, eq. 9).

    A rubbish class is at the squared distance `method.rubbish` (the paper's j).
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        rubbish = torch.full_like(logits[:, :1], -method.rubbish)
        return F.cross_entropy(torch.cat([logits, rubbish], 1), labels)

    return loss


def _squared_error(method: Method) -> Criterion:
    """Return the loss `squared-error`, a mean over the classes too: the targets are +1 (right class) and -1 (1989)."""
    return lambda logits, labels: F.mse_loss(logits, 2.0 * F.one_hot(labels, logits.shape[1]).to(logits) - 1)


LOSSES: dict[Loss, Callable[[Method], Criterion]] = {
    "cross-entropy": _cross_entropy,
    "distance": _distance,
    "map": _map,
    "squared-error": _squared_error,
}
