"""The names of the squashing functions, and the constants of the papers' scaled tanh.

Torch has all of the functions, the compiled kernels only some.
"""

from __future__ import annotations

from typing import Literal, get_args

Activation = Literal[
    "tanh",
    "scaled-tanh",
    "logistic",
    "relu",
    "celu",
    "elu",
    "gelu",
    "hardtanh",
    "leaky-relu",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softsign",
]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)

A, S = 1.7159, 2 / 3  # amplitude and slope of scaled-tanh (1998, section II.A and appendix A)
