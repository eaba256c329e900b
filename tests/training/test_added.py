"""A training may start from a trained network, and learn from more pictures than its data set has.

pytest tests/training/test_added.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lenet.data import Dataset
from lenet.errors import InputError
from lenet.models.calibration import Calibration
from lenet.models.weights import load
from lenet.training.data import ADDED, absolute, hold_out, with_added
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.start import make_network


@pytest.fixture
def corrections(small_data: Dataset, tmp_path: Path) -> Path:
    """A folder of four pictures: three rows and one column."""
    folder = tmp_path / "corrections"
    for place, name in enumerate(("row", "row", "row", "column")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(small_data.test.pictures[place, 0]).save(folder / name / f"{place}.png")
    return folder


def test_what_is_added_follows_the_rest_and_has_its_share(small_data: Dataset, corrections: Path) -> None:
    more = with_added(small_data, corrections)
    count = len(more.train) - len(small_data.train)
    assert count / len(more.train) == pytest.approx(ADDED, abs=0.01)
    np.testing.assert_array_equal(more.train.pictures[:320], small_data.train.pictures)
    assert more.train.labels[320:324].tolist() == [1, 0, 0, 0]  # the folders in alphabetical order: column, row
    np.testing.assert_array_equal(more.train.pictures[320], small_data.test.pictures[3])
    assert more.sources["made"] == "here"
    assert len(more.sources["added"]) == 64
    assert more.test is small_data.test


def test_none_of_what_is_added_is_held_out(small_recipe: Recipe, small_data: Dataset, corrections: Path) -> None:
    recipe = replace(small_recipe, add=str(corrections))
    plain, more = (hold_out(one, small_data) for one in (small_recipe, recipe))
    assert plain.validation is not None
    assert more.validation is not None
    np.testing.assert_array_equal(plain.validation.pictures, more.validation.pictures)
    assert len(more.train) > len(plain.train)


def test_the_paths_of_a_run_are_absolute(
    small_recipe: Recipe, corrections: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corrections.parent)
    recipe = absolute(replace(small_recipe, add="corrections", start="handwriting"))
    assert (recipe.add, recipe.start) == (str(corrections), "handwriting")


def test_a_folder_that_cannot_be_used_is_refused(small_data: Dataset, corrections: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere is not a folder: expected one with a sub-folder"):
        with_added(small_data, tmp_path / "nowhere")
    (tmp_path / "empty" / "row").mkdir(parents=True)
    with pytest.raises(InputError, match=r"empty has no pictures to add"):
        with_added(small_data, tmp_path / "empty")
    (corrections / "cat").mkdir()
    with pytest.raises(InputError, match=r"cat is not called like a class: expected one of row, column, diagonal$"):
        with_added(small_data, corrections)
    (corrections / "cat").rmdir()
    (corrections / "row" / "notes.txt").write_text("no picture")
    with pytest.raises(InputError, match=r"notes\.txt is not a picture"):
        with_added(small_data, corrections)


def test_a_training_starts_from_the_weights_that_it_names(
    small_recipe: Recipe, small_data: Dataset, corrections: Path, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "first", small_recipe)
    *_, first = fit(small_recipe, dataset=small_data, engine="torch", run=run)
    assert first.network.spec.calibration != Calibration()
    again = replace(small_recipe, start=str(run.path), add=str(corrections), epochs=1, rate=1e-6)
    started = make_network(again, small_data)
    for name, weights in load(run.path).state_dict().items():
        assert (started.state_dict()[name] == weights).all()
    assert started.spec.calibration == Calibration()
    (last,) = fit(again, dataset=small_data, engine="torch")
    for name, weights in load(run.path).state_dict().items():
        torch.testing.assert_close(last.network.state_dict()[name], weights, atol=1e-3, rtol=0)


def test_another_network_cannot_be_started_from(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "first", small_recipe)
    list(fit(replace(small_recipe), dataset=small_data, engine="torch", run=run))
    other = replace(small_recipe, start=str(run.path), network=replace(small_recipe.network, maps=(3,)))
    with pytest.raises(InputError, match=r"^the network's maps is \(2,\), but with this recipe and data set \(3,\)"):
        make_network(other, small_data)
