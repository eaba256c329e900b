"""What is measured of a training in reproduce/lecun1998.py: its curves, and how its last network tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lenet.data import Split, load_dataset
from lenet.engines import compute_scores
from lenet.errors import InputError
from lenet.models.network import Network
from lenet.training.epoch import Record
from lenet.training.fit import Training, hold_out
from lenet.training.recipe import Recipe
from reproduce.tutorials import tested_each_epoch

FIG8 = json.loads(Path(__file__).with_name("fig8.json").read_text())["digits"]
"""test picture, class, and the answer of the paper's network, of each of the 82 digits that it misread"""
REST = 0.005  # error allowed on what is not rejected
SHARES = np.arange(0, 5.01, 0.1)  # percent rejected


def held_out_figures(recipe: Recipe) -> dict[str, Any]:
    """The curves on the held-out pictures, and `diverged`: why they end before their time, if they do."""
    training = Training(recipe, hold_out(recipe, load_dataset(recipe.data)))
    diverged = ""
    try:
        for _ in training.epochs(lambda: False):
            pass
    except InputError as error:
        diverged = str(error)
    return {**curves(training.progress.history, "held_out"), "engine": training.engine.name, "diverged": diverged}


def tested_figures(recipe: Recipe) -> dict[str, Any]:
    """The curves on the test pictures, the rates before the first pass, and what the last network does not read."""
    dataset = hold_out(recipe, tested_each_epoch(recipe.data))
    training = Training(recipe, dataset)
    rates: dict[str, float] = {}

    def watch() -> bool:
        if training.progress.step == 0:
            rates.update(effective_rates(training))
        return False

    for _ in training.epochs(watch):
        pass
    return {
        **curves(training.progress.history, "test"),
        "engine": training.engine.name,
        "effective_rates": rates,
        **last_network(training.kept_network(), dataset.test),
    }


def curves(history: list[Record], held: str) -> dict[str, Any]:
    """Errors in percent after each epoch, those in training as they were met; the seconds of training alone."""
    seconds, patterns = sum(record.seconds for record in history), sum(record.train.count for record in history)
    return {
        "train_error": [round(record.train.error, 3) for record in history],
        f"{held}_error": [round(record.validation.error, 3) for record in history if record.validation],
        "seconds": [round(record.seconds, 2) for record in history],
        "microseconds_per_pattern": round(1e6 * seconds / patterns, 1) if patterns else None,
    }


def effective_rates(training: Training) -> dict[str, float]:
    """The range of rate / (mu + h) over the connections there are; where a table has none, h is 0."""
    state = training.engine.state()
    h = torch.cat([tensor.flatten() for name, tensor in state.items() if "curvature" in name.split(".")])
    rates = (training.recipe.rate / (training.recipe.damping + h[h > 0])).numpy()
    figures = {"lowest": rates.min(), "median": np.median(rates), "highest": rates.max()}
    return {"parameters": len(rates), **{name: float(f"{rate:.3g}") for name, rate in figures.items()}}


def last_network(network: Network, split: Split) -> dict[str, Any]:
    """What of Fig. 8 (of the network trained with distortions) it misses too; what it is worth to reject pictures."""
    scores = compute_scores(network, split.images).numpy()
    wrong = scores.argmax(1) != split.labels
    errors = rest_errors(scores, wrong)
    left = np.round(len(wrong) * (1 - SHARES / 100)).astype(int)
    return {
        "fig8_missed": [picture for picture, _, _ in FIG8 if wrong[picture]],
        "rejected": round(100 * rejected(errors), 2),
        "rest_error": [round(100 * float(errors[count - 1]), 3) for count in left],
    }


def rest_errors(scores: NDArray[np.float32], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The error on the one, two, three... pictures whose two highest scores are furthest apart.

    `scores` is `(N, classes)`; `wrong` `(N,)` says which answers are. The others are rejected (section III.C).
    """
    second, first = np.sort(scores, 1)[:, -2:].T
    surest_first = np.argsort(second - first, kind="stable")
    return np.cumsum(wrong[surest_first]) / np.arange(1, len(wrong) + 1)


def rejected(errors: NDArray[np.float64]) -> float:
    """The least share of pictures to reject to leave an error of `REST`, by the `rest_errors`."""
    allowed = np.flatnonzero(errors <= REST)
    return 1 - (allowed[-1] + 1) / len(errors) if len(allowed) else 1.0
