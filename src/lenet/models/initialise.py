"""The initial weights. Importing this module does not import torch, so that recipes can be listed quickly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from lenet.models.layers import Layer, Subsampling

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

Initialisation = Literal["fan-in", "xavier", "he", "lecun1998", "lecun1998-sqrt", "lecun1998-ones"]

# the bounds of the uniform distributions, as functions of fan-in and fan-out
BOUNDS: dict[str, Callable[[int, float], float]] = {
    "fan-in": lambda fan_in, _: 1 / math.sqrt(fan_in),
    "xavier": lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)),
    "lecun1998": lambda fan_in, _: 2.4 / fan_in,
    "lecun1998-sqrt": lambda fan_in, _: 2.4 / math.sqrt(fan_in),
}
BOUNDS["lecun1998-ones"] = BOUNDS["lecun1998-sqrt"]


def initialise(network: nn.Module, scheme: Initialisation, seed: int) -> None:
    """Draw the weights and biases of `network` in place, by `scheme`, from a generator seeded with `seed`.

    | scheme         | weights                                     | biases         | source                          |
    |----------------|---------------------------------------------|----------------|---------------------------------|
    | fan-in         | uniform within ±1 / sqrt(fan-in)            | as the weights | torch's default                 |
    | xavier         | uniform within ±sqrt(6/(fan-in + fan-out))  | 0              | Glorot & Bengio 2010; Gluon     |
    | he             | normal, standard deviation sqrt(2 / fan-in) | 0              | He et al. 2015                  |
    | lecun1998      | uniform within ±2.4 / fan-in                | as the weights | 1998, appendix A (biases: ours) |
    | lecun1998-sqrt | uniform within ±2.4 / sqrt(fan-in)          | as the weights | the same, by another reading    |
    | lecun1998-ones | as lecun1998-sqrt, but coefficients are 1   | as the weights | ours                            |

    The coefficients are those of trainable sub-sampling. A coefficient near 0 silences a whole map; 1 avoids that.
    Fan-in is the number of connected inputs of a unit, without its bias (4 for trainable sub-sampling). Fan-out is the
    mean number of units that see an input, as `Layer.fan_out` counts it. The weights of absent connections are 0.
    """
    import torch

    from lenet.models.modules import LayerModule

    random = torch.Generator().manual_seed(seed)
    for module in network.children():
        if not isinstance(module, LayerModule) or not module.layer.parameters:
            continue
        weight, bias = module.get_parameter("weight"), module.get_parameter("bias")
        with torch.no_grad():
            _draw(weight, bias, module.layer, scheme, random)
            if (connected := getattr(module, "connected", None)) is not None:
                weight.masked_fill_(~connected, 0)


def _draw(weight: Tensor, bias: Tensor, layer: Layer, scheme: Initialisation, random: Generator) -> None:
    if scheme == "he":
        deviations = weight.new_tensor([math.sqrt(2 / fan_in) for fan_in in layer.fan_in])
        weight.normal_(generator=random).mul_(deviations.view(-1, *[1] * (weight.dim() - 1)))
        bias.zero_()
        return
    bounds = [BOUNDS[scheme](fan_in, layer.fan_out) for fan_in in layer.fan_in]
    _uniform(weight, bounds, random)
    if scheme == "lecun1998-ones" and isinstance(layer, Subsampling):
        weight.fill_(1)  # drawn nevertheless, so that all other draws equal those of lecun1998-sqrt
    if scheme == "xavier":
        bias.zero_()
    else:
        _uniform(bias, bounds, random)


def _uniform(tensor: Tensor, bounds: Sequence[float], random: Generator) -> None:
    """Fill `tensor[i]`, for each map i, with uniform numbers from -`bounds[i]` to `bounds[i]`, in place."""
    for of_map, bound in zip(tensor, bounds, strict=True):
        of_map.uniform_(-bound, bound, generator=random)
