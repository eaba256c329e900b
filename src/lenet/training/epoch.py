"""What one epoch gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lenet.models.network import Network
from lenet.training.evaluate import Score

COLUMNS = (
    "epoch", "train_loss", "train_error", "validation_loss", "validation_error", "rate", "seconds", "images_per_second",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """The figures of one pass over the training pictures.

    `train` was counted as the network learned, each picture before its own step; `validation` (None without held-out
    pictures) after the epoch, with the averaged weights where they are kept. Both losses are the recipe's. `seconds`
    are those of training alone.
    """

    epoch: int  # from 1
    train: Score
    validation: Score | None
    rate: float  # of the last step
    seconds: float

    @property
    def images_per_second(self) -> float:
        return self.train.count / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` reads it back."""
        validation = self.validation and self.validation.as_dict()
        return {
            "epoch": self.epoch,
            "train": self.train.as_dict(),
            "validation": validation,
            "rate": self.rate,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Record:
        scores = {
            name: kept[name] and Score(*(kept[name][key] for key in ("loss", "misses", "count")))
            for name in ("train", "validation")
        }
        return cls(kept["epoch"], scores["train"], scores["validation"], kept["rate"], kept["seconds"])

    def row(self) -> dict[str, float | int | str]:
        """The row of metrics.csv: errors in percent, an empty cell where there is no validation."""
        held_out = self.validation
        cells = (
            self.epoch, self.train.loss, self.train.error, held_out.loss if held_out else "",
            held_out.error if held_out else "", self.rate, round(self.seconds, 3), round(self.images_per_second),
        )  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


@dataclass(frozen=True)
class Epoch(Record):
    """A record with the network that the recipe keeps so far: the epoch's own, or with `keep="best"` the best.

    The epoch's own is still in training: the next epoch changes it.
    """

    network: Network = field(repr=False, compare=False)
