"""A fitted temperature makes a certainty the chance to be right, and the calibration error measures how nearly.

pytest tests/models/test_calibration.py
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from lenet.errors import InputError
from lenet.models.calibration import Calibration, calibration_error, cross_entropy, fit_temperature, probabilities


def drawn(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return logits `(count, 5)`, and labels that are drawn with just the probabilities that the logits give."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, 5)).astype(np.float32)
    below = probabilities(logits).cumsum(1)
    return logits, (random.random((count, 1)) > below).sum(1).clip(0, 4)


@given(st.floats(0.3, 3), st.integers(0, 2**16))
def test_the_temperature_is_that_of_scipy(temperature: float, seed: int) -> None:
    logits, labels = drawn(300, seed)
    hot = logits * np.float32(temperature)
    found = minimize_scalar(lambda power: cross_entropy(hot, labels, 10**power), bounds=(-1, 1), method="bounded")
    assert cross_entropy(hot, labels, fit_temperature(hot, labels)) == pytest.approx(found.fun, abs=1e-6)


def test_the_temperature_undoes_what_was_done_to_the_logits() -> None:
    logits, labels = drawn(20_000, 0)
    for factor in (0.5, 1.0, 2.0):
        assert fit_temperature(logits * np.float32(factor), labels) == pytest.approx(factor, rel=0.03)


def test_probabilities_and_cross_entropy_are_those_of_torch() -> None:
    logits, labels = drawn(50, 1)
    hot = torch.from_numpy(logits).double() / 1.7
    np.testing.assert_allclose(probabilities(logits, 1.7), hot.softmax(1).numpy(), rtol=1e-12)
    expected = torch.nn.functional.cross_entropy(hot, torch.from_numpy(labels)).item()
    assert cross_entropy(logits, labels, 1.7) == pytest.approx(expected, rel=1e-12)


def test_the_calibration_error_is_small_where_certainties_are_chances() -> None:
    logits, labels = drawn(50_000, 2)
    for factor, low, high in ((1.0, 0, 0.01), (3.0, 0.1, 1.0)):
        shares = probabilities(logits * np.float32(factor))
        assert low <= calibration_error(shares.max(1), shares.argmax(1) == labels) < high


def test_the_calibration_error_by_hand() -> None:
    """Two answers of 0.9, one of them right, and two of 0.7, both right: (2 * 0.4 + 2 * 0.3) / 4."""
    certainties, right = np.array([0.9, 0.9, 0.7, 0.7]), np.array([True, False, True, True])
    assert calibration_error(certainties, right) == pytest.approx(0.35)


@pytest.mark.parametrize(("values", "name"), [({"temperature": 0.0}, "temperature"), ({"sure": 1.5}, "sure")])
def test_impossible_values_are_refused(values: dict[str, float], name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is "):
        Calibration(**values)
