"""All parameters of a network in one array, in torch's order, of which the network's own are views."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lenet.engines.engine import Tally
from lenet.models.network import Network

LINE = 16  # numbers in a line of the cache; torch's arrays begin with one


class Kept:
    """What an engine keeps: by name an array for each number that a parameter has, and what was counted.

    Each array is aligned as Halide expects, or so that its number at `aligned` is.
    """

    def __init__(self, network: Network, names: tuple[str, ...], length: int, aligned: int = 0) -> None:
        self._arrays = {name: zeros(length, aligned) for name in names}
        self._network = view(network, self._arrays["network"])
        self._tally = np.zeros(3)  # losses, misses, pictures

    def tally(self) -> Tally:
        loss, misses, count = self._tally.tolist()
        return Tally(loss, int(misses), int(count))

    def clear_tally(self) -> None:
        self._tally[:] = 0

    def state(self) -> dict[str, Tensor]:
        kept = {
            f"{array}.{name}": tensor
            for array, numbers in self._arrays.items()
            for name, tensor in by_name(self._network, numbers).items()
        }
        return kept | {"tally": torch.from_numpy(self._tally)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, tensor in self.state().items():
            tensor.copy_(state[name])


def zeros(length: int, aligned: int = 0) -> Tensor:
    """So many zeros, of which the one at `aligned` is the first in a line of the cache."""
    skipped = -aligned % LINE
    return torch.zeros(skipped + length)[skipped:]


def by_name(network: Network, numbers: Tensor) -> dict[str, Tensor]:
    """The parts of an array that belong to each parameter, in its shape."""
    parts, offset = {}, 0
    for name, parameter in network.named_parameters():
        parts[name] = numbers[offset : offset + parameter.numel()].view_as(parameter)
        offset += parameter.numel()
    return parts


def view(network: Network, numbers: Tensor) -> Network:
    """The network, its parameters moved into an array."""
    for (_, parameter), part in zip(network.named_parameters(), by_name(network, numbers).values(), strict=True):
        part.copy_(parameter.detach())
        parameter.data = part
    return network
