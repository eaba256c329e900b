"""The results of one epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lenet.errors import InputError
from lenet.inference.evaluate import Score

if TYPE_CHECKING:
    from lenet.models.network import Network

COLUMNS = (
    "epoch", "train_loss", "train_error", "validation_loss", "validation_error", "rate", "seconds", "images_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class EpochSummary:
    """The results of one epoch: its scores, the rate of its last step, and its time.

    `train` is measured during training, on each picture before the network learns from it. `validation` (None without a
    validation split) is measured after the epoch, with the averaged weights if the recipe asks for an average. Both
    scores use the recipe's loss. `seconds` is the time of training, without validation and saving.
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
        """Return the summary as a dict of JSON values; `from_dict` reads it back."""
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
        """Return the summary whose `as_dict` gave `values`.

        Raises `KeyError` or `TypeError` if a name is missing in `values` or a score is not a dict.
        """
        scores = {
            name: values[name] and Score(*(values[name][key] for key in ("loss", "misses", "count")))
            for name in ("train", "validation")
        }
        return cls(values["epoch"], scores["train"], scores["validation"], values["rate"], values["seconds"])

    def row(self) -> dict[str, float | int | str]:
        """Return the cells of a row of metrics.csv by column; errors are in percent, and missing scores are empty."""
        held_out = self.validation
        cells = (
            self.epoch, self.train.loss, self.train.error, held_out.loss if held_out else "",
            held_out.error if held_out else "", self.rate, round(self.seconds, 3), round(self.images_per_second),
        )  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


@dataclass(frozen=True)
class Epoch(EpochSummary):
    """The results of one epoch, with the `network` that the recipe would keep if the training ended here.

    With `keep="last"` it is the network in training, or its average if the recipe asks for one; the next epoch changes
    it. With `keep="best"` it is a copy of the network of the best epoch so far.
    """

    network: Network = field(repr=False, compare=False)


def check_finite(network: Network, rate: float, summary: EpochSummary | None = None) -> None:
    """Raise an `InputError`, which names the `rate`, if a parameter of `network` or a loss of `summary` is not finite.

    A diverged network must not overwrite the last good checkpoint.
    """
    losses = [score.loss for score in (summary.train, summary.validation) if score] if summary else []
    if not (all(map(math.isfinite, losses)) and all(weight.isfinite().all() for weight in network.parameters())):
        when = f" in epoch {summary.epoch}" if summary else ""
        raise InputError(
            f"the network diverged{when} (its loss or weights are no longer finite): try a rate below {rate:g}"
        )
