"""The difference between two engines: of their networks up to rounding, of their states to the bit."""

from __future__ import annotations

import torch

from lenet.engines.engine import Engine
from lenet.models.network import Network


def distance(first: Network, second: Network) -> float:
    """Return the largest difference of two weights, relative to the largest weight of their layer."""
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return max(float((a - b).detach().abs().max() / b.detach().abs().max()) for a, b in pairs)


def same_state(first: Engine, second: Engine) -> bool:
    there, here = first.state(), second.state()
    return there.keys() == here.keys() and all(torch.equal(there[name], here[name]) for name in there)
