"""The state of a training in a file: safetensors with JSON, written whole or not at all, and read without pickle."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lenet.data import Dataset
from lenet.engines.engine import Engine
from lenet.errors import InputError
from lenet.inference.evaluate import Score
from lenet.models.network import Network
from lenet.models.weights import save_network
from lenet.tensors import check_shapes, read_tensors, shapes_of, write_tensors
from lenet.training.epoch import COLUMNS, EpochSummary
from lenet.training.run import Run

BEST = "best."  # the prefix of the best weights' names among the tensors of the state


@dataclass
class Progress:
    """The progress of a training, and its best weights so far; the engine has the current weights."""

    step: int = 0
    seconds: float = 0.0  # the time spent on the current epoch
    history: list[EpochSummary] = field(default_factory=list)
    best_epoch: int = 0  # the epoch, from 1, with the lowest validation error (in a tie, the lowest loss); 0: none yet
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def close_epoch(self, summary: EpochSummary, network: Network) -> None:
        """Append `summary` to the history, and set `seconds` to 0 for the next epoch.

        If the validation error is the lowest so far (in a tie, with a lower loss), copy the weights of `network`.
        """
        self.history.append(summary)
        self.seconds = 0.0
        if summary.validation and self._is_best(summary.validation):
            self.best_epoch = summary.epoch
            self.best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def _is_best(self, score: Score) -> bool:
        rival = self.history[self.best_epoch - 1].validation if self.best_epoch else None
        return rival is None or (score.misses, score.loss) < (rival.misses, rival.loss)


def write_state(run: Run, engine: Engine, progress: Progress, dataset: Dataset) -> None:
    """Write the state of a training to the file `run.state`, whole or not at all.

    It consists of the state of `engine`, the `progress`, the identity of `dataset` and the engine's name.
    """
    tensors = engine.state() | {BEST + name: tensor for name, tensor in progress.best_weights.items()}
    metadata: dict[str, Any] = {
        "step": progress.step,
        "seconds": progress.seconds,
        "history": [summary.as_dict() for summary in progress.history],
        "best_epoch": progress.best_epoch,
        "data": dataset.identity,
        "engine": engine.name,
    }
    write_tensors(run.state, tensors, metadata)


def write_derived(run: Run, history: Sequence[EpochSummary], dataset: Dataset, network: Network) -> None:
    """Write metrics.csv and the weight file of `run`, which can be derived from its state.

    metrics.csv has a row for each epoch of `history`. The weight file holds `network` and names `dataset`.
    """
    run.write("metrics.csv", _table(history))
    save_network(run.model, network, {"data": dataset.name, "epochs": len(history), "run": run.path.resolve().name})


def read_state(run: Run, engine: Engine, dataset: Dataset) -> Progress:
    """Restore the state of `run` into `engine`, and return the progress.

    Raises `InputError` when the state is missing or damaged, comes from another engine or data set, or does not fit the
    network or the optimiser of `engine`.
    """
    arrays, metadata = read_tensors(run.state)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if metadata.get("data") != dataset.identity:
        raise InputError(f"{run.path}: {dataset.name} is no longer the data that this run began with")
    if metadata.get("engine") != engine.name:
        raise InputError(f"{run.path} was begun with the engine {metadata.get('engine')!r}: resume it with that one")
    best = {name.removeprefix(BEST): tensors.pop(name) for name in list(tensors) if name.startswith(BEST)}
    try:
        if best:
            check_shapes(best, shapes_of(engine.network.state_dict()), source="its best weights")
        history = [EpochSummary.from_dict(summary) for summary in metadata["history"]]
        step, best_epoch = int(metadata["step"]), int(metadata["best_epoch"])
        progress = Progress(step, float(metadata["seconds"]), history, best_epoch, best)
        if not 0 <= best_epoch <= len(history) <= step:
            raise InputError(f"step {step} and best epoch {best_epoch} of {len(history)} epochs")
        engine.restore(tensors)
        return progress
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise InputError(f"{run.state}: not the state of a training by this run's recipe ({error})") from error


def _table(history: Sequence[EpochSummary]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(summary.row() for summary in history)
    return text.getvalue()
