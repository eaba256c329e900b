"""The results of one epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from lenet.errors import InputError
from lenet.inference.evaluate import Score
from lenet.models.network import Network

COLUMNS = (
    "epoch", "train_loss", "train_error", "validation_loss", "validation_error", "rate", "seconds", "images_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class EpochSummary:
    """The results of one epoch in numbers.

    `train` is counted during training, each picture before the step that learns from it. `validation` (None without
    held-out pictures) is measured after the epoch, with the averaged weights if the recipe asks for an average. Both
    scores use the recipe's loss. `seconds` is the time of training alone.
    """

    epoch: int  # counted from 1
    train: Score
    validation: Score | None
    rate: float  # the rate of the last step
    seconds: float

    @property
    def images_per_second(self) -> float:
        return self.train.count / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able values; `from_dict` reads them back."""
        validation = self.validation and self.validation.as_dict()
        return {
            "epoch": self.epoch,
            "train": self.train.as_dict(),
            "validation": validation,
            "rate": self.rate,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EpochSummary:
        """Return the summary whose `as_dict` gave `values`."""
        scores = {
            name: values[name] and Score(*(values[name][key] for key in ("loss", "misses", "count")))
            for name in ("train", "validation")
        }
        return cls(values["epoch"], scores["train"], scores["validation"], values["rate"], values["seconds"])

    def row(self) -> dict[str, float | int | str]:
        """Return the row of metrics.csv: errors in percent, an empty cell where there is no validation."""
        held_out = self.validation
        cells = (
            self.epoch, self.train.loss, self.train.error, held_out.loss if held_out else "",
            held_out.error if held_out else "", self.rate, round(self.seconds, 3), round(self.images_per_second),
        )  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


@dataclass(frozen=True)
class Epoch(EpochSummary):
    """A summary with the `network` that the recipe keeps so far: this epoch's, or with `keep="best"` the best one.

    The network of this epoch is still in training: the next epoch changes it.
    """

    network: Network = field(repr=False, compare=False)


def check_finite(network: Network, rate: float, summary: EpochSummary | None = None) -> None:
    """Raise an `InputError`, which names the `rate`, if `network` or a loss of `summary` is no longer finite.

    A diverged network must not overwrite the last good checkpoint.
    """
    losses = [score.loss for score in (summary.train, summary.validation) if score] if summary else []
    if not (all(map(math.isfinite, losses)) and all(weight.isfinite().all() for weight in network.parameters())):
        when = f" in epoch {summary.epoch}, its loss is no longer a number" if summary else ""
        raise InputError(f"the network diverged{when}: try a rate below {rate:g}")
