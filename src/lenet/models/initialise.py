"""Initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from lenet.models.layers import Layer, Subsampling

Initialisation = Literal["fan-in", "xavier", "he", "lecun1998", "lecun1998-sqrt", "lecun1998-ones"]

BOUNDS: dict[str, Callable[[int, float], float]] = {  # of the uniform distributions, by fan-in and fan-out
    "fan-in": lambda fan_in, _: 1 / math.sqrt(fan_in),
    "xavier": lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)),
    "lecun1998": lambda fan_in, _: 2.4 / fan_in,
    "lecun1998-sqrt": lambda fan_in, _: 2.4 / math.sqrt(fan_in),
}
BOUNDS["lecun1998-ones"] = BOUNDS["lecun1998-sqrt"]


def initialise(network: nn.Module, scheme: Initialisation, seed: int) -> None:
    """Draw the weights of every layer of a network in place, from a generator of their own.

    | scheme         | weights                                     | biases         | source                          |
    |----------------|---------------------------------------------|----------------|---------------------------------|
    | fan-in         | uniform within 1 / sqrt(fan-in)             | as the weights | torch's default                 |
    | xavier         | uniform within sqrt(6 / (fan-in + fan-out)) | 0              | Glorot & Bengio 2010; Gluon     |
    | he             | normal, standard deviation sqrt(2 / fan-in) | 0              | He et al. 2015                  |
    | lecun1998      | uniform within 2.4 / fan-in                 | as the weights | 1998, appendix A (biases: ours) |
    | lecun1998-sqrt | uniform within 2.4 / sqrt(fan-in)           | as the weights | the same, by another reading    |
    | lecun1998-ones | the same, but coefficients are 1            | as the weights | ours                            |

    Coefficients are those of trainable sub-sampling: as ones, none begins near 0, where it shuts a whole map.
    Fan-in is the number of inputs of a unit that are connected, its bias aside (4 for trainable sub-sampling); fan-out
    the number of units that an input goes to. The weights of connections that a table leaves out are 0.
    """
    random = torch.Generator().manual_seed(seed)
    for layer in network.children():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if not isinstance(layer, Layer) or weight is None or bias is None:
            continue
        with torch.no_grad():
            _draw(weight, bias, layer, scheme, random)
            if (connected := getattr(layer, "connected", None)) is not None:
                weight.masked_fill_(~connected, 0)


def _draw(weight: Tensor, bias: Tensor, layer: Layer, scheme: Initialisation, random: torch.Generator) -> None:
    if scheme == "he":
        deviations = torch.tensor([math.sqrt(2 / fan_in) for fan_in in layer.fan_in], dtype=weight.dtype)
        weight.normal_(generator=random).mul_(deviations.view(-1, *[1] * (weight.dim() - 1)))
        bias.zero_()
        return
    bounds = [BOUNDS[scheme](fan_in, layer.fan_out) for fan_in in layer.fan_in]
    _uniform(weight, bounds, random)
    if scheme == "lecun1998-ones" and isinstance(layer, Subsampling):
        weight.fill_(1)  # drawn all the same: all else begins as with lecun1998-sqrt
    if scheme == "xavier":
        bias.zero_()
    else:
        _uniform(bias, bounds, random)


def _uniform(tensor: Tensor, bounds: Sequence[float], random: torch.Generator) -> None:
    """Within a bound of its own for each map."""
    for of_map, bound in zip(tensor, bounds, strict=True):
        of_map.uniform_(-bound, bound, generator=random)
