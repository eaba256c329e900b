"""The reference engine: one training step with torch's autograd, on any device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lenet.data import Split
from lenet.engines.curvature import curvature
from lenet.engines.engine import Tally
from lenet.engines.gather import Gather
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.engines.optimisers import SDLM, make_optimiser
from lenet.models.network import Network


class TorchEngine:
    """An `Engine` that holds a network, the training pictures on its device, and what one step changes."""

    name = "torch"

    def __init__(
        self,
        network: Network,
        split: Split,
        method: Method,
        device: torch.device,
    ) -> None:
        self.device = device
        self._batch = method.batch
        self._network = network.to(device)
        self._gather = Gather(network, split, device)
        self._loss = make_loss(method)
        self._optimiser = make_optimiser(method, network.parameters())
        self._averaged = _averaged(network, method.average) if method.average else None
        exact = torch.float32 if device.type == "mps" else torch.float64  # which Apple's GPU does not have
        self._tally = torch.zeros(3, dtype=exact, device=device)
        self._loss_sum, self._misses, self._seen = self._tally.unbind()  # views of it

    @property
    def network(self) -> Network:
        return self._averaged.module if self._averaged else self._network  # type: ignore[return-value]

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if isinstance(self._optimiser, SDLM):
            self._optimiser.estimate(curvature(self._network, *self._gather(index, distortions), self._loss))

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        for first, rate in zip(range(0, len(index), self._batch), rates, strict=True):
            batch = slice(first, first + self._batch)
            self._step(*self._gather(index[batch], None if distortions is None else distortions[batch]), rate)

    def _step(self, x: Tensor, labels: Tensor, rate: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        scores = self._network(x)
        loss = self._loss(scores, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        if self._averaged:
            self._averaged.update_parameters(self._network)
        self._count(scores.detach(), labels, loss.detach())

    def _count(self, scores: Tensor, labels: Tensor, loss: Tensor) -> None:
        """Kept on the device, so that no step waits for it."""
        self._loss_sum.add_(loss, alpha=len(labels))
        self._misses.add_((scores.argmax(1) != labels).sum())
        self._seen.add_(len(labels))

    def tally(self) -> Tally:
        loss, misses, count = self._tally.tolist()
        return Tally(loss, int(misses), int(count))

    def clear_tally(self) -> None:
        self._tally.zero_()

    def state(self) -> dict[str, Tensor]:
        state = {f"network.{name}": tensor for name, tensor in self._network.state_dict().items()}
        for place, kept in self._optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{place}.{name}": tensor for name, tensor in kept.items() if tensor is not None}
        if self._averaged:
            state |= {f"average.{name}": tensor for name, tensor in self._averaged.state_dict().items()}
        return state | {"tally": self._tally}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self._network.load_state_dict(_below("network", state))
        kept: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below("optimiser", state).items():
            place, _, field = name.partition(".")
            kept.setdefault(int(place), {})[field] = tensor.clone()
        self._optimiser.load_state_dict({"state": kept, "param_groups": self._optimiser.state_dict()["param_groups"]})
        if self._averaged:
            self._averaged.load_state_dict(_below("average", state))
        self._tally.copy_(state["tally"])


def _averaged(network: Network, decay: float) -> AveragedModel:
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items() if name.startswith(f"{prefix}.")}
