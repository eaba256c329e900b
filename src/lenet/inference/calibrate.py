"""The calibration of a trained network on held-out pictures."""

from __future__ import annotations

import numpy as np

from lenet.data import Split
from lenet.inference.predictor import Model, Predictor
from lenet.models.calibration import Calibration, fit_temperature, probabilities

UNSURE = 0.005  # the share of the held-out pictures whose answers are not sure
FEWEST = 5  # misses: with fewer, a temperature cannot be estimated


def calibrate(model: Model, held_out: Split, *, engine: str = "auto", pictures: int | None = None) -> Calibration:
    """Return the calibration of `model` by the pictures of `held_out`, which it did not learn from.

    The temperature is the one with the least cross-entropy, or 1 if there are fewer than `FEWEST` misses. All answers
    are sure but the least certain, a share of `UNSURE`. `engine` and `pictures` are as in `lenet.evaluate`.
    """
    logits = Predictor(model, engine=engine, pictures=pictures or len(held_out)).logits(held_out.pictures)
    misses = int((logits.argmax(1) != held_out.labels).sum())
    temperature = fit_temperature(logits, held_out.labels) if misses >= FEWEST else 1.0
    sure = float(np.quantile(probabilities(logits, temperature).max(1), UNSURE))
    return Calibration(temperature, sure)
