"""What an engine is: something that holds a network and the training pictures, and takes one step after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.data import Split
from lenet.engines.method import Method
from lenet.models.network import Network


@dataclass(frozen=True)
class Tally:
    """What the training pictures seen so far in an epoch gave, each before the network learned from it."""

    loss: float  # sum over the pictures
    misses: int
    count: int


class Engine(Protocol):
    """One way to compute training steps. The same recipe gives the same training on every engine, up to rounding."""

    name: str
    device: torch.device

    def __init__(self, network: Network, split: Split, method: Method, device: torch.device) -> None: ...

    @property
    def network(self) -> Network:
        """The network as it would be used now: the averaged one where an average is kept."""

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        """Make ready for an epoch: what the optimiser estimates anew, it estimates from the pictures at `index`."""

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        """Take a step for each of the `rates`, each on the next batch of the training pictures at `index` `(n,)`.

        The last batch may be smaller. Where `distortions` `(n, numbers)` are given, the pictures go through them.
        """

    def tally(self) -> Tally:
        """What has been counted since the last `clear_tally`; waits for the steps to be done."""

    def clear_tally(self) -> None:
        """Begin to count anew."""

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on, as named tensors."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave, bit for bit."""
