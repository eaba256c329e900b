"""The fixture that the report's tests share: a finished training."""

from __future__ import annotations

import pytest

from lenet.data import Dataset
from lenet.training.data import hold_out
from lenet.training.fit import Training
from lenet.training.recipe import Recipe


@pytest.fixture(scope="session")
def trained(small_data: Dataset, small_recipe: Recipe) -> Training:
    training = Training(small_recipe, hold_out(small_recipe, small_data), device="cpu")
    list(training.epochs(lambda: False))
    return training
