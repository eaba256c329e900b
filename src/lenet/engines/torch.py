"""The reference engine: training steps with torch's autograd, on any device."""

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
from lenet.engines.optimisers import SDLM, load_optimiser, make_optimiser, optimiser_state
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.tensors import check_shapes, shapes_of


class TorchEngine:
    """The reference `Engine`. It holds the network, the training pictures and the optimiser on one device."""

    name = "torch"

    def __init__(
        self, network: Network, split: Split, method: Method, device: torch.device, *, distortion: int = 0
    ) -> None:
        self.device, self._method = device, method
        self._network = network.to(device)
        self._gather = Gather(network.spec, split, device)
        self._loss = make_loss(method)
        self._optimiser = make_optimiser(method, network.parameters())
        self._averaged = _averaged(network, method.average) if method.average else None
        exact = torch.float32 if device.type == "mps" else torch.float64  # Apple's GPU has no float64
        self._tally = torch.zeros(3, dtype=exact, device=device)
        self._loss_sum, self._misses, self._seen = self._tally.unbind()  # views of the tally

    @classmethod
    def supports(cls, spec: Spec, method: Method, device: torch.device) -> str | None:
        return None

    @property
    def network(self) -> Network:
        return self._averaged.module if self._averaged else self._network  # type: ignore[return-value]

    def begin_epoch(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        if isinstance(self._optimiser, SDLM):
            x, labels = self._gather(*self._gather.place(index, distortions))
            self._optimiser.estimate(curvature(self._network, x, labels, self._loss))

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None, rates: Sequence[float]) -> None:
        positions, numbers = self._gather.place(index, distortions)
        size = self._method.batch
        for first, rate in zip(range(0, len(index), size), rates, strict=True):
            batch = slice(first, first + size)
            self._step(*self._gather(positions[batch], None if numbers is None else numbers[batch]), rate)

    def _step(self, x: Tensor, labels: Tensor, rate: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        logits = self._network(x)
        loss = self._loss(logits, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        if self._averaged:
            self._averaged.update_parameters(self._network)
        self._count(logits.detach(), labels, loss.detach())

    def _count(self, logits: Tensor, labels: Tensor, loss: Tensor) -> None:
        """Add a batch to the tally, which stays on the device, so that no step waits for a transfer."""
        self._loss_sum.add_(loss, alpha=len(labels))
        self._misses.add_((logits.argmax(1) != labels).sum())
        self._seen.add_(len(labels))

    def tally(self) -> Tally:
        loss, misses, count = self._tally.tolist()
        return Tally(loss, int(misses), int(count))

    def clear_tally(self) -> None:
        self._tally.zero_()

    def state(self) -> dict[str, Tensor]:
        return self._fixed_state() | _within("optimiser", optimiser_state(self._optimiser))

    def _fixed_state(self) -> dict[str, Tensor]:
        """Return the part of the state that exists from the start: everything but the state of the optimiser."""
        state = _within("network", self._network.state_dict())
        if self._averaged:
            state |= _within("average", self._averaged.state_dict())
        return state | {"tally": self._tally}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        rest = {name: tensor for name, tensor in state.items() if not name.startswith("optimiser.")}
        check_shapes(rest, shapes_of(self._fixed_state()), source="the state of the torch engine")
        load_optimiser(self._optimiser, self._method, _below("optimiser", state))
        self._network.load_state_dict(_below("network", state))
        if self._averaged:
            self._averaged.load_state_dict(_below("average", state))
        self._tally.copy_(state["tally"])


def _averaged(network: Network, decay: float) -> AveragedModel:
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _within(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in state.items()}


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items() if name.startswith(f"{prefix}.")}
