"""What a training makes small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

Loss = Literal["cross-entropy"]

LOSSES: dict[Loss, Callable[..., Tensor]] = {
    "cross-entropy": F.cross_entropy,  # of scores (n, classes) and labels (n,), mean, in nats
}
