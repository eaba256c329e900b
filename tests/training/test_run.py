"""The run folder: what is in it, and that nothing in it is overwritten.

Run: pytest tests/training/test_run.py
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from lenet.data import Dataset
from lenet.errors import InputError
from lenet.training.epoch import COLUMNS
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.run import Run


def test_a_run_tells_all_that_decided_it(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, cpu_engine: str
) -> None:
    run = Run.create(tmp_path / "run", small_recipe, "small")
    records = list(fit(small_recipe, dataset=small_data, run=run))
    assert {path.name for path in run.path.iterdir()} == {
        "recipe.json", "environment.json", "split.json", "metrics.csv", "last.safetensors", "model.safetensors",
    }  # fmt: skip
    assert json.loads((run.path / "recipe.json").read_text())["recipe"]["network"] == {
        **asdict(small_recipe.network), "maps": [2], "kernels": [3], "hidden": [6],
    }  # fmt: skip
    assert (run.recipe(), run.recipe_name()) == (small_recipe, "small")
    told = json.loads((run.path / "environment.json").read_text())
    assert told["data"] == {"name": "stripes", "sha256": {"made": "here"}}
    assert {"torch", "numpy", "lenet"} <= told["packages"].keys()
    assert (told["engine"], told["device"]) == (cpu_engine, "cpu")
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [float(row["train_loss"]) for row in rows] == [record.train.loss for record in records]
    assert [row["validation_error"] for row in rows] == [
        str(record.validation.error) for record in records if record.validation
    ]


def test_the_metrics_are_there_after_every_epoch(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    for record in fit(small_recipe, dataset=small_data, run=run):
        assert len((run.path / "metrics.csv").read_text().splitlines()) == 1 + record.epoch


def test_a_folder_with_something_in_it_is_never_used(small_recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    for path in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(InputError, match="nothing is overwritten"):
            Run.create(path, small_recipe)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_runs_are_numbered(small_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [Run.create(None, small_recipe, "digits").path for _ in range(3)]
    assert [str(path) for path in paths] == ["runs/digits-1", "runs/digits-2", "runs/digits-3"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "x", "recipe": 3}', '{"name": "x"}', "\udcff"])
def test_a_damaged_recipe_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "recipe.json").write_text(content, errors="surrogateescape")
    with pytest.raises(InputError, match=r"recipe\.json"):
        Run.open(tmp_path).recipe()


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        Run.open(tmp_path)
