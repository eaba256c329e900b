"""All parameters of a network in one array, in torch's order, of which the network's own are views."""

from __future__ import annotations

from torch import Tensor

from lenet.models.network import Network


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
