"""How far apart two engines are: their networks up to rounding, their states to the bit."""

from __future__ import annotations

import torch

from lenet.engines import Engine
from lenet.models import Network


def distance(first: Network, second: Network) -> float:
    """The largest difference of two weights, of the largest weight of their layer."""
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return max(float((a - b).detach().abs().max() / b.detach().abs().max()) for a, b in pairs)


def same_state(first: Engine, second: Engine) -> bool:
    there, here = first.state(), second.state()
    return there.keys() == here.keys() and all(torch.equal(there[name], here[name]) for name in there)
