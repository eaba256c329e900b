"""`lenet models`, `lenet recipes` and `lenet data` list what is known by name.

pytest tests/cli/test_lists.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from lenet.data import CATALOGUE
from lenet.models.zoo import MODELS
from lenet.training.recipes import RECIPES

Lenet = Callable[..., str]


def names(said: str) -> list[str]:
    """Return the first word of each line under the head."""
    return [line.split()[0] for line in said.splitlines()[1:]]


def test_models(lenet: Lenet) -> None:
    said = lenet("models")
    assert names(said) == list(MODELS)
    assert said.splitlines()[1].split() == ["lenet5", "61,706", "32x32", "c1", "s2", "c3", "s4", "c5", "f6", "output"]
    assert said.splitlines()[-1].split() == ["lenet1989", "9,760", "16x16", "c1", "c2", "c3", "output"]


def test_recipes(lenet: Lenet) -> None:
    said = lenet("recipes")
    assert names(said) == list(RECIPES)
    for recipe, line in zip(RECIPES.values(), said.splitlines()[1:], strict=True):
        method = recipe.method
        cells = [recipe.data, method.optimiser, str(method.batch), str(recipe.epochs)]
        assert line.split()[1:5] == cells
        assert bool(line.split()[5:]) == bool(recipe.augmentation)


def test_data(lenet: Lenet) -> None:
    said = lenet("data")
    assert names(said) == list(CATALOGUE)
    for entry, line in zip(CATALOGUE.values(), said.splitlines()[1:], strict=True):
        assert re.split(r"\s{2,}", line.strip())[1:] == [entry.title, str(len(entry.classes)), entry.licence]


@pytest.mark.parametrize("verb", ["models", "recipes", "data"])
def test_a_list_for_programs(lenet: Lenet, verb: str) -> None:
    rows, said = json.loads(lenet(verb, "--json")), lenet(verb)
    assert [next(iter(row.values())) for row in rows] == names(said)
    assert list(rows[0]) == re.split(r"\s{2,}", said.splitlines()[0].strip())
