"""The method of a training: the loss and the optimiser as plain values, from which every engine makes its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lenet.errors import InputError
from lenet.records import check, within

Loss = Literal["cross-entropy", "distance", "map", "squared-error"]
Optimiser = Literal["sgd", "adamw", "sdlm"]

ADAM_SECOND, ADAM_EPSILON = 0.999, 1e-8  # the decay of AdamW's second moment, and the term that keeps its root from 0


@dataclass(frozen=True)
class Method:
    """How to learn: the loss, the optimiser, the size of a batch, and an average of the weights.

    SGD adds its weight decay to the gradient; AdamW applies it directly to the weights. SDLM has neither momentum nor
    weight decay. Raises `InputError` if a field is out of range or two fields contradict each other.
    """

    loss: Loss = "cross-entropy"
    """the loss: cross-entropy; squared-error against targets of +1 and -1; for an RBF output also distance (1998, eq.
    8) and map (eq. 9)"""
    label_smoothing: float = 0.0
    """share of the target that cross-entropy takes from the right class and spreads over all classes"""
    rubbish: float = 1.0
    """distance of the rubbish class in the loss map (j of eq. 9)"""
    optimiser: Optimiser = "sgd"
    """sgd; adamw (Loshchilov and Hutter 2019); sdlm, stochastic diagonal Levenberg-Marquardt (1998, appendix C)"""
    momentum: float = 0.0
    """momentum of sgd; decay of the first moment of adamw"""
    weight_decay: float = 0.0
    """pull of every parameter towards 0"""
    damping: float = 0.02
    """constant that sdlm adds to every second derivative (mu of 1998)"""
    average: float = 0.0
    """decay per step of a moving average of the weights, which is then evaluated and kept; 0 for no average"""
    batch: int = 64
    """pictures in each step; the last step of an epoch may have fewer"""

    def __post_init__(self) -> None:
        check(self)
        within("label smoothing", self.label_smoothing, 0, 0.9)
        within("rubbish", self.rubbish, 0, 1e6)
        within("momentum", self.momentum, 0, 0.9999)
        within("weight decay", self.weight_decay, 0, 1)
        within("damping", self.damping, 1e-8, 1e8)
        within("average", self.average, 0, 0.99999)
        within("batch", self.batch, 1, 65536)
        if self.optimiser == "sdlm" and (self.momentum or self.weight_decay):
            raise InputError("sdlm has no momentum and no weight decay: leave both at 0")

    def only(self, *names: str) -> Method:
        """Return a method with the fields `names` of this one, and the defaults for all others.

        Code that depends on these fields alone is compiled once for all methods that agree in them.
        """
        return Method(**{name: getattr(self, name) for name in names})
