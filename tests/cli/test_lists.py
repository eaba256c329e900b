"""`lenet models`, `recipes` and `data`, the help and the version.

pytest tests/cli/test_lists.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.metadata import version

import pytest

from lenet.cli import VERBS, main
from lenet.data import CATALOGUE
from lenet.models import MODELS
from lenet.training.recipes import RECIPES

Lenet = Callable[..., str]


def names(said: str) -> list[str]:
    """The first word of each line under the head."""
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
        assert line.split()[1:3] == [recipe.data, recipe.network.activation]
        assert line.split()[-2:] == [str(recipe.batch), str(recipe.epochs)]


def test_data(lenet: Lenet) -> None:
    said = lenet("data")
    assert names(said) == list(CATALOGUE)
    for entry, line in zip(CATALOGUE.values(), said.splitlines()[1:], strict=True):
        assert entry.title in line
        assert line.rstrip().endswith(entry.licence)


@pytest.mark.parametrize("verb", ["models", "recipes", "data"])
def test_a_list_for_programs(lenet: Lenet, verb: str) -> None:
    rows, said = json.loads(lenet(verb, "--json")), lenet(verb)
    assert [next(iter(row.values())) for row in rows] == names(said)
    assert list(rows[0]) == re.split(r"\s{2,}", said.splitlines()[0].strip())


@pytest.mark.parametrize("asked", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_verb(lenet: Lenet, asked: list[str]) -> None:
    said = lenet(*asked)
    assert all(verb in said for verb in VERBS)


def test_version(lenet: Lenet) -> None:
    assert lenet("--version") == f"lenet {version('lenet')}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"usage: lenet {verb}")
    assert said.err == ""
