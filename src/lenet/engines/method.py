"""How a network learns, as values: what every engine makes its own steps of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Loss = Literal["cross-entropy", "distance", "map", "squared-error"]
Optimiser = Literal["sgd", "adamw", "sdlm"]

ADAM_SECOND, ADAM_EPSILON = 0.999, 1e-8  # decay of AdamW's second moment, and what keeps its root from 0


@dataclass(frozen=True)
class Method:
    """What is made small, and how the parameters follow the gradient; the fields are a recipe's of the same names.

    SGD's weight decay is in the gradient, AdamW's beside it; AdamW's `momentum` is the decay of its first moment. SDLM
    has neither, and `damping` is its mu. `rubbish` is j of the loss "map". With `average` above 0 a moving average of
    the weights, of that decay per step, is kept beside them.
    """

    loss: Loss = "cross-entropy"
    label_smoothing: float = 0.0
    rubbish: float = 1.0
    optimiser: Optimiser = "sgd"
    momentum: float = 0.0
    weight_decay: float = 0.0
    damping: float = 0.02
    average: float = 0.0
    batch: int = 64
    """most pictures of a step"""
    distortion: int = 0
    """numbers that distort each picture of a step; 0 where they are learned from as they are"""
