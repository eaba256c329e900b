"""The state of an engine between steps: the tally, and flat arrays with one number for each weight and bias.

The parameters of the torch network are views of one of these arrays.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from lenet.engines.engine import Tally
from lenet.models.network import Network
from lenet.tensors import check_shapes, shapes_of

LINE = 16  # numbers in a line of the cache; torch's arrays start on one


class EngineState:
    """The tally, and one flat float32 array for each quantity, such as weights, momentum or curvature.

    `names` are the names of the quantities. The array "network" holds the parameters of `network`, which become views
    of it. Each array has `length` numbers, and its element `aligned` starts a cache line.
    """

    def __init__(self, network: Network, names: tuple[str, ...], length: int, aligned: int = 0) -> None:
        self._arrays = {name: zeros(length, aligned) for name in names}
        self._network = move_into(network, self._arrays["network"])
        self._tally = np.zeros(3)  # the sums of losses, misses and pictures

    def tally(self) -> Tally:
        loss, misses, count = self._tally.tolist()
        return Tally(loss, int(misses), int(count))

    def clear_tally(self) -> None:
        self._tally[:] = 0

    def state(self) -> dict[str, Tensor]:
        state = {
            f"{array}.{name}": tensor
            for array, numbers in self._arrays.items()
            for name, tensor in by_name(self._network, numbers).items()
        }
        return state | {"tally": torch.from_numpy(self._tally)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        own = self.state()
        check_shapes(state, shapes_of(own), source="the state of the halide engine")
        for name, tensor in own.items():
            tensor.copy_(state[name])


def reason_against_device(device: torch.device) -> str | None:
    """Return why compiled kernels cannot run on `device`; None if they can."""
    if device.type == "cpu":
        return None
    return f"the halide engine runs on the CPU, not on '{device}': leave out the device, or take torch"


def zeros(length: int, aligned: int = 0) -> Tensor:
    """Return `length` zeros, placed so that element `aligned` starts a cache line."""
    skipped = -aligned % LINE
    return torch.zeros(skipped + length)[skipped:]


def by_name(network: Network, numbers: Tensor) -> dict[str, Tensor]:
    """Return views of `numbers` by name: for each parameter of `network` its part, in the parameter's shape."""
    parts, offset = {}, 0
    for name, parameter in network.named_parameters():
        parts[name] = numbers[offset : offset + parameter.numel()].view_as(parameter)
        offset += parameter.numel()
    return parts


def move_into(network: Network, numbers: Tensor) -> Network:
    """Copy the parameters of `network` into the flat array `numbers`, make them views of it, and return `network`."""
    for (_, parameter), part in zip(network.named_parameters(), by_name(network, numbers).values(), strict=True):
        part.copy_(parameter.detach())
        parameter.data = part
    return network
