"""A trained network is calibrated on its held-out pictures, and its file keeps the calibration.

pytest tests/inference/test_calibrate.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet.data import Dataset
from lenet.engines.method import Method
from lenet.inference.calibrate import FEWEST, UNSURE, calibrate
from lenet.inference.evaluate import evaluate
from lenet.models.calibration import Calibration, cross_entropy
from lenet.models.weights import read
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.run import Run


@pytest.mark.parametrize("keep", ["last", "best"])
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_finished_training_leaves_a_calibrated_network(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, keep: str, average: float
) -> None:
    method = Method(optimiser="adamw", average=average, batch=16)
    recipe = replace(small_recipe, keep=keep, epochs=2, rate=0.002, method=method)  # type: ignore[arg-type]
    run = Run.create(tmp_path / "run", recipe)
    *_, last = fit(recipe, dataset=small_data, engine="torch", run=run)
    held_out = small_data.hold_out(recipe.validation, recipe.seed).validation
    assert held_out is not None
    assert evaluate(last.network, held_out).misses >= FEWEST
    found = last.network.spec.calibration
    assert found == calibrate(last.network, held_out, engine="torch") != Calibration()
    assert read(run.path).spec.calibration == found
    framed = torch.from_numpy(last.network.spec.preparation.frame(held_out.pictures, 8))
    logits = last.network(last.network.spec.preparation.scale(framed)).detach().numpy()
    assert cross_entropy(logits, held_out.labels, found.temperature) <= cross_entropy(logits, held_out.labels)
    unsure = evaluate(last.network, held_out).probabilities.max(1) < found.sure
    assert unsure.mean() <= UNSURE + 1 / len(held_out)


def test_without_misses_the_temperature_stays(small_recipe: Recipe, small_data: Dataset) -> None:
    """Nothing tells how often an answer of some certainty is wrong if none is."""
    *_, last = fit(replace(small_recipe, epochs=1), dataset=small_data, engine="torch")
    logits = evaluate(last.network, small_data.train)
    right = np.flatnonzero(logits.predictions == logits.labels)[:50]
    assert calibrate(last.network, small_data.train.take(right)).temperature == 1.0
