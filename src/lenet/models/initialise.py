"""Initial weights."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

Initialisation = Literal["fan-in", "xavier", "he"]


def initialise(network: nn.Module, scheme: Initialisation, seed: int) -> None:
    """Draw the weights of every layer of a network in place, from a generator of their own.

    | scheme | weights                                       | biases              | source                       |
    |--------|-----------------------------------------------|---------------------|------------------------------|
    | fan-in | uniform within 1 / sqrt(fan-in)               | as the weights      | torch's default              |
    | xavier | uniform within sqrt(6 / (fan-in + fan-out))   | 0                   | Glorot & Bengio 2010; Gluon  |
    | he     | normal, standard deviation sqrt(2 / fan-in)   | 0                   | He et al. 2015               |

    Fan-in is the number of inputs of a unit, its bias aside; fan-out of a convolution is maps times kernel area.
    """
    random = torch.Generator().manual_seed(seed)
    for layer in network.children():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if weight is None or bias is None:
            continue
        bound = 1 / math.sqrt(weight[0].numel())
        with torch.no_grad():
            if scheme == "fan-in":
                weight.uniform_(-bound, bound, generator=random)
                bias.uniform_(-bound, bound, generator=random)
                continue
            bias.zero_()
            if scheme == "xavier":
                nn.init.xavier_uniform_(weight, generator=random)
            else:
                weight.normal_(0, math.sqrt(2) * bound, generator=random)
