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
    """The totals since the tally was last cleared: the sum of the losses, the number of misses, and that of pictures.

    The loss and the prediction for a picture are those before the network learns from it.
    """

    loss: float
    misses: int
    count: int


class Engine(Protocol):
    """One way to compute training steps. A training is the same on every engine that supports it, up to rounding.

    An engine trains `network` in place, by `method`, on the pictures of `split`; it runs on `device`. `distortion` is
    the length of a row of distortions, or 0 if no picture is distorted. Raises `InputError` if the pictures are too
    large for the network's input.
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
        """The network to evaluate or save now, averaged if the method asks for that. The next step changes it."""

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        """Prepare the optimiser for an epoch.

        Stochastic diagonal Levenberg-Marquardt estimates second derivatives from the pictures at `index` `(n,)`,
        distorted by `distortions` as in `learn`. Other optimisers need nothing.
        """

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        """Take one step for each of the `rates`, each on the next batch of the training pictures at `index` `(n,)`.

        A batch has `Method.batch` pictures; the last one may have fewer. Each row of `distortions` `(n, distortion)`
        distorts one picture. `distortions` must be None if the engine was made with a `distortion` of 0, and only then.
        Raises `ValueError`, though only after the possible steps, unless there are as many rates as batches.
        """

    def tally(self) -> Tally:
        """Return the totals since the last `clear_tally`, after waiting for all steps to finish."""

    def clear_tally(self) -> None:
        """Set the tally to zero."""

    def state(self) -> dict[str, Tensor]:
        """Return the named tensors from which `restore` continues the training.

        They may be views that change with the next step: copy them to use them later.
        """

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Restore, bit for bit, a `state` that `Engine.state` returned, so that training continues from it.

        Raises `InputError`, and changes nothing, if the names or shapes in `state` are not those of this engine.
        """
