"""The state of a training in a file: safetensors and JSON, written whole or not at all, never unpickled."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from lenet.data import Dataset
from lenet.engines import Engine
from lenet.errors import InputError
from lenet.models.network import Network
from lenet.models.weights import read_tensors, save_network, write_tensors
from lenet.training.epoch import COLUMNS, Record
from lenet.training.evaluate import Score
from lenet.training.run import Run


@dataclass
class Progress:
    """How far a training has come, the weights aside."""

    step: int = 0
    seconds: float = 0.0  # of training in the epoch under way
    history: list[Record] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def add(self, record: Record, network: Network) -> None:
        """Close an epoch; remember its weights when its validation error (at a tie, its loss) is the least so far."""
        self.history.append(record)
        self.seconds = 0.0
        if record.validation and self._is_best(record.validation):
            self.best_epoch = record.epoch
            self.best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def _is_best(self, score: Score) -> bool:
        rival = self.history[self.best_epoch - 1].validation if self.best_epoch else None
        return rival is None or (score.misses, score.loss) < (rival.misses, rival.loss)


def write_state(run: Run, engine: Engine, progress: Progress, dataset: Dataset, network: Network) -> None:
    """Save the state, then what is derived from it: the table of epochs and the network to use."""
    tensors = engine.state() | {f"best.{name}": tensor for name, tensor in progress.best_weights.items()}
    kept: dict[str, Any] = {
        "step": progress.step,
        "seconds": progress.seconds,
        "history": [record.as_dict() for record in progress.history],
        "best_epoch": progress.best_epoch,
        "data": dict(dataset.sources),
        "engine": engine.name,
    }
    write_tensors(run.state, tensors, kept)
    run.write("metrics.csv", _table(progress.history))
    save_network(run.model, network, {"data": dataset.name, "epochs": len(progress.history), "run": run.path.name})


def read_state(run: Run, engine: Engine, dataset: Dataset) -> Progress:
    """Put the run's state into the engine. Raises `InputError` when it is damaged, or of another recipe or data."""
    tensors, kept = read_tensors(run.state)
    if kept.get("data") != dict(dataset.sources):
        raise InputError(f"{run.path}: {dataset.name} is no longer the data that this run began with")
    if kept.get("engine") != engine.name:
        raise InputError(f"{run.path} was begun with the engine {kept.get('engine')!r}: resume it with that one")
    best = {name.removeprefix("best."): tensors.pop(name) for name in list(tensors) if name.startswith("best.")}
    try:
        engine.restore(tensors)
        history = [Record.from_dict(record) for record in kept["history"]]
        return Progress(kept["step"], kept["seconds"], history, kept["best_epoch"], best)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{run.state}: not the state of a training by this run's recipe ({error})") from error


def _table(history: list[Record]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(record.row() for record in history)
    return text.getvalue()
