"""A recipe: all that decides how a network is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.method import Loss, Method, Optimiser
from lenet.errors import InputError
from lenet.models.architecture import Architecture
from lenet.models.initialise import Initialisation
from lenet.models.lenet5 import LENET5
from lenet.records import check, within
from lenet.training.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """What to train on what, and how. Every field is a flag of `lenet train`.

    On the CPU the same recipe gives the same network, bit for bit, with the same machine and number of threads.
    Raises `InputError` when a field is out of its range or two of them contradict each other.
    """

    data: str = "digits"
    """data set: a name from `lenet data`, or a folder of your own"""
    validation: float = 0.0
    """share of the training pictures held out to choose by"""
    pictures: int = 0
    """training pictures to learn from, drawn from those that are left; 0 takes all of them"""
    network: Architecture = LENET5
    initialisation: Initialisation = "fan-in"
    """initial weights: uniform within 1/sqrt(fan-in), xavier's, he's, or the 1998 paper's, within 2.4/fan-in (or, by
    another reading, 2.4/sqrt(fan-in))"""
    preparation: Preparation = field(default_factory=Preparation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    loss: Loss = "cross-entropy"
    """what is made small: cross-entropy, squared-error (to 1 and -1), or of an RBF output the distance to the right
    code (eq. 8 of 1998) or map (eq. 9)"""
    label_smoothing: float = 0.0
    """share of certainty that the cross-entropy takes from the right class and spreads over all"""
    rubbish: float = 1.0
    """distance of the rubbish class in the loss map (j of eq. 9)"""
    optimiser: Optimiser = "sgd"
    """sgd (with momentum), adamw (with decoupled weight decay), or sdlm (1998: stochastic diagonal
    Levenberg-Marquardt)"""
    rate: float = 0.1
    """learning rate at its highest"""
    momentum: float = 0.0
    """momentum of sgd; the first moment's decay of adamw"""
    weight_decay: float = 0.0
    """pull of every parameter towards 0"""
    damping: float = 0.02
    """of sdlm: what is added to every second derivative (mu of 1998)"""
    curvature_pictures: int = 500
    """of sdlm: from how many pictures the second derivatives are estimated before each epoch"""
    schedule: Schedule = "constant"
    """how the rate goes on after the warm-up: constant, linear to 0, along a cosine to 0, exponential to a
    hundredth, or lecun1998 (the paper's five rates)"""
    warmup: float = 0.0
    """share of all steps over which the rate rises from 0"""
    batch: int = 64
    """pictures for each step"""
    epochs: int = 10
    """passes over the training pictures"""
    order: Literal["shuffled", "constant"] = "shuffled"
    """of the pictures: shuffled anew for each epoch, or once for all (1998)"""
    average: float = 0.0
    """decay per step of the averaged weights that are evaluated and kept; 0 keeps the last weights themselves"""
    patience: int = 0
    """stop after this many epochs without a better validation error; 0 never stops early"""
    keep: Literal["last", "best"] = "last"
    """which epoch's network is kept: the last, or the best by validation error"""
    seed: int = 0
    """decides initial weights, data order, augmentation, and which pictures are held out or learned from"""

    def __post_init__(self) -> None:
        check(self)
        within("validation", self.validation, 0, 0.9)
        within("pictures", self.pictures, 0, 100_000_000)
        within("label smoothing", self.label_smoothing, 0, 0.9)
        within("rubbish", self.rubbish, 0, 1e6)
        within("rate", self.rate, 1e-8, 100)
        within("momentum", self.momentum, 0, 0.9999)
        within("weight decay", self.weight_decay, 0, 1)
        within("damping", self.damping, 1e-8, 1e8)
        within("curvature pictures", self.curvature_pictures, 1, 1_000_000)
        within("warmup", self.warmup, 0, 1)
        within("batch", self.batch, 1, 65536)
        within("epochs", self.epochs, 1, 100_000)
        within("average", self.average, 0, 0.99999)
        within("patience", self.patience, 0, 100_000)
        within("seed", self.seed, 0, 2**32 - 1)
        if (self.patience or self.keep == "best") and not self.validation:
            raise InputError(
                "patience and keep best choose by the validation error: hold some pictures out (validation 0.1, say)"
            )

        if self.loss in ("distance", "map") and self.network.output != "rbf":
            raise InputError(
                f"the loss {self.loss} is of distances to codes, but the network's output is {self.network.output}: "
                "give it the output rbf, or another loss"
            )
        if self.optimiser == "sdlm" and (self.momentum or self.weight_decay):
            raise InputError("sdlm has no momentum and no weight decay: leave both at 0")

    @property
    def method(self) -> Method:
        """What of the recipe an engine needs to know."""
        return Method(
            loss=self.loss,
            label_smoothing=self.label_smoothing,
            rubbish=self.rubbish,
            optimiser=self.optimiser,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            damping=self.damping,
            average=self.average,
            batch=self.batch,
            distortion=self.augmentation.numbers,
        )
