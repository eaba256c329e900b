"""The interface of an engine, which holds a network and the training pictures and takes one step after another."""

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
from lenet.models.spec import Spec


@dataclass(frozen=True)
class Tally:
    """The sum of the losses, the misses and the count of the pictures seen so far in an epoch.

    Each picture is counted before the network learns from it.
    """

    loss: float
    misses: int
    count: int


class Engine(Protocol):
    """One way to compute training steps. The same recipe gives the same training on every engine, up to rounding.

    `method` says how to learn. `distortion` is the count of numbers that distort one picture; with 0, no picture is
    distorted.
    """

    name: str
    device: torch.device

    def __init__(
        self, network: Network, split: Split, method: Method, device: torch.device, *, distortion: int = 0
    ) -> None: ...

    @classmethod
    def supports(cls, spec: Spec, method: Method, device: torch.device) -> str | None:
        """Return why this engine cannot train a network of `spec` by `method` on `device`; None if it can."""

    @property
    def network(self) -> Network:
        """The network as it would be used now: the averaged one if the method takes an average."""

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        """Prepare for an epoch.

        An optimiser that needs fresh estimates (SDLM: second derivatives) makes them from the pictures at `index`,
        distorted by `distortions` unless it is None.
        """

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        """Take one step for each of the `rates`, each on the next batch of the training pictures at `index` `(n,)`.

        The last batch may be smaller. Each row of `distortions` `(n, numbers)` distorts one picture; with None, no
        picture is distorted.
        """

    def tally(self) -> Tally:
        """Return the sums since the last `clear_tally`, after waiting for all steps to finish."""

    def clear_tally(self) -> None:
        """Set the tally to zero."""

    def state(self) -> dict[str, Tensor]:
        """Return everything that the next step depends on, as named tensors.

        They may be views that change with the next step: copy them to use them later.
        """

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Continue, bit for bit, from a `state` that `Engine.state` returned.

        Raises `InputError`, and changes nothing, if a name or a shape differs from those of the engine.
        """
