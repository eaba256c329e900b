"""Initial weights."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from lenet.models.layers import Layer, Shape

Initialisation = Literal["fan-in", "xavier", "he"]


def initialise(network: nn.Module, scheme: Initialisation, seed: int) -> None:
    """Draw the weights of every layer of a network in place, from a generator of their own.

    | scheme | weights                                       | biases              | source                       |
    |--------|-----------------------------------------------|---------------------|------------------------------|
    | fan-in | uniform within 1 / sqrt(fan-in)               | as the weights      | torch's default              |
    | xavier | uniform within sqrt(6 / (fan-in + fan-out))   | 0                   | Glorot & Bengio 2010; Gluon  |
    | he     | normal, standard deviation sqrt(2 / fan-in)   | 0                   | He et al. 2015               |

    Fan-in is the number of inputs of a unit, its bias aside; fan-out the number of units that an input goes to.
    """
    random = torch.Generator().manual_seed(seed)
    for layer in network.children():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if not isinstance(layer, Layer) or weight is None or bias is None:
            continue
        fan_in = weight[0].numel()
        with torch.no_grad():
            if scheme == "fan-in":
                _uniform(weight, 1 / math.sqrt(fan_in), random)
                _uniform(bias, 1 / math.sqrt(fan_in), random)
                continue
            bias.zero_()
            if scheme == "xavier":
                _uniform(weight, math.sqrt(6 / (fan_in + _fan_out(weight, layer.outputs))), random)
            else:
                weight.normal_(0, math.sqrt(2 / fan_in), generator=random)


def _fan_out(weight: Tensor, outputs: Shape) -> int:
    """A kernel that slides meets an input at all its places; C5's, which cannot slide, at one, as F6's weights do."""
    maps, *sides = outputs
    return maps if sides == [1, 1] else maps * weight[0, 0].numel()


def _uniform(tensor: Tensor, bound: float, random: torch.Generator) -> None:
    tensor.uniform_(-bound, bound, generator=random)
