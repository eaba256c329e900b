"""What a training makes small, in torch."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from lenet.engines.method import Loss

LOSSES: dict[Loss, Callable[..., Tensor]] = {
    "cross-entropy": F.cross_entropy,  # of scores (n, classes) and labels (n,), mean, in nats
}
