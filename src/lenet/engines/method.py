"""The method of a training: the loss and the optimiser as plain values, from which every engine makes its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from lenet.errors import InputError
from lenet.records import Range, check

Loss = Literal["cross-entropy", "distance", "map", "squared-error"]
Optimiser = Literal["sgd", "adamw", "sdlm"]

ADAM_SECOND, ADAM_EPSILON = 0.999, 1e-8  # AdamW: the decay of the second moment, and the least denominator


@dataclass(frozen=True)
class Method:
    """The part of a recipe that an engine must know: the loss, the optimiser, the batch size, and any averaging.

    SGD adds the weight decay to the gradient; AdamW applies it directly to the parameters. SDLM has neither momentum
    nor weight decay. Raises `InputError` if a value is not accepted, or if two values contradict each other.
    """

    loss: Loss = "cross-entropy"
    """the loss: cross-entropy, squared-error (against targets of +1 and -1) or, for an RBF output only, distance
    (1998, eq. 8) or map (1998, eq. 9)"""
    label_smoothing: Annotated[float, Range(0, 0.9)] = 0.0
    """the share of the target that cross-entropy takes from the right class and spreads over all classes"""
    rubbish: Annotated[float, Range(0, 1e6)] = 1.0
    """the squared distance of the rubbish class in the loss `map` (j in 1998, eq. 9)"""
    optimiser: Optimiser = "sgd"
    """the optimiser: sgd, adamw (Loshchilov and Hutter 2019), or sdlm (stochastic diagonal Levenberg-Marquardt,
    1998, appendix C)"""
    momentum: Annotated[float, Range(0, 0.9999)] = 0.0
    """the momentum of sgd, or the decay of adamw's first moment"""
    weight_decay: Annotated[float, Range(0, 1)] = 0.0
    """the weight decay of every parameter, biases included, before each step multiplies it by the rate"""
    damping: Annotated[float, Range(1e-8, 1e8)] = 0.02
    """the constant that sdlm adds to every second derivative (mu in 1998, appendix C)"""
    average: Annotated[float, Range(0, 0.99999)] = 0.0
    """the decay per step of a moving average of the parameters; the average is evaluated and saved in their place; 0
    for no average"""
    batch: Annotated[int, Range(1, 65536)] = 64
    """the number of pictures in each step; the last step of an epoch may have fewer"""

    def __post_init__(self) -> None:
        check(self)
        if self.optimiser == "sdlm" and (self.momentum or self.weight_decay):
            raise InputError("sdlm has no momentum and no weight decay: leave both at 0")

    def only(self, *names: str) -> Method:
        """Return a method that has this one's values in the fields `names`, and the default values in all others.

        All methods that agree on these fields can then share code that depends on them alone.
        """
        return Method(**{name: getattr(self, name) for name in names})
