"""The recipe: everything that decides a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.architecture import Architecture
from lenet.models.initialise import Initialisation
from lenet.models.lenet5 import LENET5
from lenet.records import check, within
from lenet.training.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """The settings that decide a training. Its leaves are the flags of `lenet train`.

    On the CPU the same recipe gives the same network, bit for bit, with the same engine and versions, on the same
    machine and with the same number of threads.
    Raises `InputError` when a field is out of its range or two of them contradict each other.
    """

    data: str = "digits"
    """the data set: a name from `lenet data`, or a folder of your own"""
    validation: float = 0.0
    """the share of the training pictures held out for validation"""
    pictures: int = 0
    """use only this many training pictures, drawn at random after the validation split; 0 takes all"""
    network: Architecture = LENET5
    initialisation: Initialisation = "fan-in"
    """the initial weights: fan-in (uniform within 1/sqrt(fan-in)), xavier, he, lecun1998 (uniform within 2.4/fan-in),
    lecun1998-sqrt (within 2.4/sqrt(fan-in)), or lecun1998-ones (the same, but coefficients are 1)"""
    preparation: Preparation = field(default_factory=Preparation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    method: Method = field(default_factory=Method)
    rate: float = 0.1
    """the highest learning rate"""
    curvature_pictures: int = 500
    """the number of pictures from which sdlm estimates the second derivatives before each epoch"""
    schedule: Schedule = "constant"
    """the rate after the warm-up: constant, linear to 0, cosine to 0, exponential to a hundredth, or lecun1998 (the
    five rates of the 1998 paper)"""
    warmup: float = 0.0
    """the share of all steps over which the rate rises from 0"""
    epochs: int = 10
    """the number of passes over the training pictures"""
    order: Literal["shuffled", "constant"] = "shuffled"
    """the order of the pictures: shuffled (anew for each epoch) or constant (shuffled once, as in 1998)"""
    patience: int = 0
    """stop after this many epochs without a better validation error; 0 never stops early"""
    keep: Literal["last", "best"] = "last"
    """the epoch whose network is kept: the last, or the best by validation error"""
    seed: int = 0
    """the seed of the initial weights, the order, the augmentation, and the choice of held-out and training pictures"""

    def __post_init__(self) -> None:
        check(self)
        within("validation", self.validation, 0, 0.9)
        within("pictures", self.pictures, 0, 100_000_000)
        within("rate", self.rate, 1e-8, 100)
        within("curvature pictures", self.curvature_pictures, 1, 1_000_000)
        within("warmup", self.warmup, 0, 1)
        within("epochs", self.epochs, 1, 100_000)
        within("patience", self.patience, 0, 100_000)
        within("seed", self.seed, 0, 2**32 - 1)
        if (self.patience or self.keep == "best") and not self.validation:
            raise InputError(
                "patience and keep best choose by the validation error: hold some pictures out (validation 0.1, say)"
            )
        if self.method.loss in ("distance", "map") and self.network.output != "rbf":
            raise InputError(
                f"the loss {self.method.loss} is of distances to codes, but the network's output is "
                f"{self.network.output}: give it the output rbf, or another loss"
            )
