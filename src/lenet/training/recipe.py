"""The recipe: everything that decides a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.architecture import Architecture
from lenet.models.initialise import Initialisation
from lenet.models.lenet5 import LENET5
from lenet.records import Range, check
from lenet.training.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """A recipe: the settings that decide a training. Its leaves (see `lenet.records`) are flags of `lenet train`.

    On the CPU, the same recipe gives the same network, bit for bit, if the data, the engine, the versions of the
    packages, the machine and the number of threads are the same. Raises `InputError` when a value is not accepted, or
    when two values contradict each other.
    """

    data: str = "digits"
    """the data set: a name from `lenet data`, or a folder of your own"""
    validation: Annotated[float, Range(0, 0.9)] = 0.0
    """the share of the training pictures held out for validation"""
    pictures: Annotated[int, Range(0, 100_000_000)] = 0
    """the number of training pictures to use, drawn at random after the validation split; 0 takes all"""
    add: str = ""
    """a folder of more training pictures, with a sub-folder for each of some classes; empty for none"""
    start: str = ""
    """the network to start from: the name of a shipped one, a run folder or a weight file; empty for new weights"""
    network: Architecture = LENET5
    initialisation: Initialisation = "fan-in"
    """the initial weights: fan-in (uniform within ±1/sqrt(fan-in)), xavier, he, lecun1998 (uniform within
    ±2.4/fan-in), lecun1998-sqrt (within ±2.4/sqrt(fan-in)), or lecun1998-ones (the same, but the coefficients of
    sub-sampling are 1)"""
    preparation: Preparation = field(default_factory=Preparation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    method: Method = field(default_factory=Method)
    rate: Annotated[float, Range(1e-8, 100)] = 0.1
    """the highest learning rate; sdlm divides it, for each parameter, by the second derivative plus the damping"""
    curvature_pictures: Annotated[int, Range(1, 1_000_000)] = 500
    """the number of pictures from which sdlm estimates the second derivatives before each epoch; all, if there are
    fewer"""
    schedule: Schedule = "constant"
    """the course of the rate after the warm-up: constant, linear (towards 0), cosine (towards 0), exponential
    (towards a hundredth of `rate`), or lecun1998 (five rates in the proportions of the 1998 paper)"""
    warmup: Annotated[float, Range(0, 1)] = 0.0
    """the share of all steps, at the start, over which the rate rises linearly towards `rate`"""
    epochs: Annotated[int, Range(1, 100_000)] = 10
    """the number of epochs; in each, as many pictures are presented as there are in the training split"""
    order: Literal["shuffled", "constant"] = "shuffled"
    """the order of the pictures: shuffled (anew for each pass over the pictures and any copies) or constant
    (shuffled once, as in 1998)"""
    patience: Annotated[int, Range(0, 100_000)] = 0
    """the number of epochs without a better validation error (in a tie, a lower loss) after which the training ends
    early; 0 for never"""
    keep: Literal["last", "best"] = "last"
    """the epoch whose network is kept: the last, or the best by validation error"""
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    """the seed of the initial weights, the order, the augmentation, and every choice of pictures (held out, for
    training, for second derivatives)"""

    def __post_init__(self) -> None:
        check(self)
        if (self.patience or self.keep == "best") and not self.validation:
            raise InputError(
                "patience and keep best choose by the validation error: hold some pictures out (validation 0.1, say)"
            )
        if self.method.loss in ("distance", "map") and self.network.output != "rbf":
            raise InputError(
                f"the loss {self.method.loss} compares distances to codes, but the network's output is "
                f"{self.network.output}: give it the output rbf, or another loss"
            )
