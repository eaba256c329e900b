"""A run folder tells all that decided the run, and nothing that was there before is overwritten.

pytest tests/training/test_run.py
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from lenet.data import Dataset
from lenet.errors import InputError
from lenet.records import with_leaves
from lenet.training.epoch import COLUMNS
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.run import Run, Settings


def test_a_run_tells_all_that_decided_it(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, cpu_engine: str
) -> None:
    run = Run.create(tmp_path / "run", small_recipe, "small")
    epochs = list(fit(small_recipe, dataset=small_data, run=run))
    assert {path.name for path in run.path.iterdir()} == {
        "recipe.json", "environment.json", "split.json", "metrics.csv", "last.safetensors", "model.safetensors",
    }  # fmt: skip
    assert json.loads((run.path / "recipe.json").read_text())["recipe"]["network"] == {
        **asdict(small_recipe.network), "maps": [2], "kernels": [3], "hidden": [6],
    }  # fmt: skip
    assert run.settings == Settings("small", small_recipe, cpu_engine, "cpu")
    (told,) = json.loads((run.path / "environment.json").read_text())
    assert told["data"] == {"name": "stripes", "sha256": {"made": "here"}}
    assert {"torch", "numpy", "lenet"} <= told["packages"].keys()
    assert (told["engine"], told["device"]) == (cpu_engine, "cpu")
    rows = list(csv.DictReader((run.path / "metrics.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [float(row["train_loss"]) for row in rows] == [epoch.train.loss for epoch in epochs]
    assert [row["validation_error"] for row in rows] == [
        str(epoch.validation.error) for epoch in epochs if epoch.validation
    ]


def test_the_metrics_are_there_after_every_epoch(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    for epoch in fit(small_recipe, dataset=small_data, run=run):
        assert len((run.path / "metrics.csv").read_text().splitlines()) == 1 + epoch.epoch


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


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "{}", "\udcff", "[" * 100_000, '{"name": "x"}', '{"name": "x", "recipe": {}}',
        '{"name": "x", "recipe": 3, "how": {}}', '{"name": "x", "recipe": {}, "how": 3}',
    ],
)  # fmt: skip
def test_a_damaged_recipe_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "recipe.json").write_text(content, errors="surrogateescape")
    with pytest.raises(InputError, match=r"recipe\.json"):
        _ = Run.open(tmp_path).settings


@pytest.mark.parametrize("content", ["", "{}", "[3]"])
def test_damaged_environments_are_named(small_recipe: Recipe, tmp_path: Path, content: str) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    (run.path / "environment.json").write_text(content)
    with pytest.raises(InputError, match=r"environment\.json: not a "):
        run.add_leg({})
    assert (run.path / "environment.json").read_text() == content


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        Run.open(tmp_path)


def test_what_was_asked_for_comes_back(small_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are made absolute, so that the run can be read from any working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    recipe = replace(small_recipe, data="mine")
    Run.create(Path("run"), recipe, "small", engine="torch", device="cpu", data_dir=Path("files"))
    expected = replace(recipe, data=str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path / "mine")
    assert Run.open(tmp_path / "run").settings == Settings("small", expected, "torch", "cpu", tmp_path / "files")


def test_settings_are_read_once(small_recipe: Recipe, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    before = run.settings
    (run.path / "recipe.json").unlink()
    assert run.settings is before
    assert before == Settings("recipe", small_recipe, "auto", "auto", None)


def test_a_run_goes_on_with_the_engine_and_the_device_it_ran_on_unless_others_were_named(
    small_recipe: Recipe, tmp_path: Path
) -> None:
    for path, how, expected in (
        (tmp_path / "asked", {"engine": "halide"}, ("halide", "cpu")),
        (tmp_path / "free", {}, ("torch", "cpu")),
    ):
        run = Run.create(path, small_recipe, **how)
        run.add_leg({"engine": "torch", "device": "cpu"})
        run.add_leg({"engine": "halide", "device": "mps"})
        assert (run.settings.engine, run.settings.device) == expected


def test_a_run_is_finished_when_its_report_is_written(small_recipe: Recipe, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    assert not run.finished
    run.check_unfinished()
    run.write_json("report.json", {})
    assert run.finished
    with pytest.raises(InputError, match=r"run is finished: its report is written, and there is nothing to resume$"):
        run.check_unfinished()


def test_a_change_of_the_recipe_is_named(small_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    recipe = replace(small_recipe, data="mine")
    run = Run.create(tmp_path / "run", recipe)
    run.refuse_change(recipe)
    changed = with_leaves(recipe, {"maps": (3,), "rate": 0.5, "batch": 7})
    sentence = (
        "run was begun with another recipe (maps was (2,) and is now (3,), batch was 13 and is now 7, "
        "rate was 0.01 and is now 0.5): resume it without changes, or start a new run"
    )
    with pytest.raises(InputError, match=f"{re.escape(sentence)}$"):
        run.refuse_change(changed)
