"""The measurements of a training in reproduce/lecun1998.py: its curves, and the tests of its last network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lenet.data import Split
from lenet.errors import InputError
from lenet.inference.predictor import Predictor
from lenet.models.network import Network
from lenet.training.data import hold_out, load_training_data
from lenet.training.epoch import EpochSummary
from lenet.training.fit import Training
from lenet.training.recipe import Recipe
from reproduce.results import tested_each_epoch

FIG8 = json.loads(Path(__file__).with_name("fig8.json").read_text())["digits"]
"""each of the 82 digits that the paper's network misread: the test picture, its class, and the network's prediction"""
REST = 0.005  # error allowed on the pictures that are not rejected
SHARES = np.arange(0, 5.01, 0.1)  # percent rejected


def measure_held_out(recipe: Recipe) -> dict[str, Any]:
    """Return the curves on the held-out pictures and, as `diverged`, the reason if they end early."""
    training = Training(recipe, load_training_data(recipe))
    diverged = ""
    try:
        for _ in training.epochs(lambda: False):
            pass
    except InputError as error:
        diverged = str(error)
    return {**curves(training.progress.history, "held_out"), "engine": training.engine.name, "diverged": diverged}


def measure_tested(recipe: Recipe) -> dict[str, Any]:
    """Return the curves on the test pictures, the rates before the first pass, and the tests of the last network."""
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


def curves(history: list[EpochSummary], held: str) -> dict[str, Any]:
    """Return the errors in percent of each epoch, and the seconds of training alone.

    A training picture is counted as it is met, before the step that learns from it.
    """
    seconds, patterns = sum(epoch.seconds for epoch in history), sum(epoch.train.count for epoch in history)
    return {
        "train_error": [round(epoch.train.error, 3) for epoch in history],
        f"{held}_error": [round(epoch.validation.error, 3) for epoch in history if epoch.validation],
        "seconds": [round(epoch.seconds, 2) for epoch in history],
        "microseconds_per_pattern": round(1e6 * seconds / patterns, 1) if patterns else None,
    }


def effective_rates(training: Training) -> dict[str, float]:
    """Return the range of rate / (mu + h) over the parameters, without those whose h is 0 for want of a connection."""
    state = training.engine.state()
    h = torch.cat([tensor.flatten() for name, tensor in state.items() if "curvature" in name.split(".")])
    rates = (training.recipe.rate / (training.recipe.method.damping + h[h > 0])).numpy()
    found = {"lowest": rates.min(), "median": np.median(rates), "highest": rates.max()}
    return {"parameters": len(rates), **{name: float(f"{rate:.3g}") for name, rate in found.items()}}


def last_network(network: Network, split: Split) -> dict[str, Any]:
    """Return the digits of Fig. 8 that `network` misses too, and its gain from rejecting pictures of `split`.

    The network of Fig. 8 was trained with distortions.
    """
    logits = Predictor(network, pictures=len(split)).logits(split.pictures)
    wrong = logits.argmax(1) != split.labels
    errors = rest_errors(logits, wrong)
    left = np.round(len(wrong) * (1 - SHARES / 100)).astype(int)
    return {
        "fig8_missed": [picture for picture, _, _ in FIG8 if wrong[picture]],
        "rejected": round(100 * rejected(errors), 2),
        "rest_error": [round(100 * float(errors[count - 1]), 3) for count in left],
    }


def rest_errors(logits: NDArray[np.float32], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the error on the one, two, three... pictures whose two highest logits are furthest apart.

    `logits` is `(N, classes)`, and `wrong` `(N,)` is true for a wrong prediction. All other pictures are rejected
    (section III.C).
    """
    second, first = np.sort(logits, 1)[:, -2:].T
    surest_first = np.argsort(second - first, kind="stable")
    return np.cumsum(wrong[surest_first]) / np.arange(1, len(wrong) + 1)


def rejected(errors: NDArray[np.float64]) -> float:
    """Return the smallest share of pictures to reject for an error of `REST`; `errors` are those of `rest_errors`."""
    allowed = np.flatnonzero(errors <= REST)
    return 1 - (allowed[-1] + 1) / len(errors) if len(allowed) else 1.0
