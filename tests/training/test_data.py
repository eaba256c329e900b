"""The pictures of a training are those of its recipe, from any working directory.

pytest tests/training/test_data.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet.data import Dataset
from lenet.data.idx import write_idx
from lenet.errors import InputError
from lenet.training.data import absolute, hold_out, load_training_data, split_record
from lenet.training.recipe import Recipe


@pytest.fixture
def own(tmp_path: Path, small_data: Dataset, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pictures called mine, in the working directory."""
    folder = tmp_path / "mine"
    folder.mkdir()
    write_idx(folder / "train-images", small_data.train.pictures[:, 0])
    write_idx(folder / "train-labels", small_data.train.labels.astype(np.uint8))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_path_of_a_folder_is_made_absolute(own: Path) -> None:
    recipe = Recipe(data="mine", seed=5)
    assert absolute(recipe) == replace(recipe, data=str(own))
    assert absolute(absolute(recipe)) == absolute(recipe)


@pytest.mark.parametrize("name", ["mnist", "no-such-folder"])
def test_what_is_no_folder_stays_as_it_is(own: Path, name: str) -> None:
    (own.parent / "mnist").mkdir()  # a name in the catalogue comes before a folder
    assert absolute(Recipe(data=name)) == Recipe(data=name)


def test_the_data_of_a_recipe(own: Path) -> None:
    """256 of the 320 pictures are for training. A fifth of these is held out, and 100 of the rest are drawn."""
    recipe = Recipe(data="mine", validation=0.2, pictures=100, seed=3)
    dataset = load_training_data(recipe)
    assert dataset.name == str(own)
    assert dataset.validation is not None
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (100, 52, 64)


def test_errors_name_the_folder_as_it_was_given(own: Path) -> None:
    (own / "train-labels").unlink()
    with pytest.raises(InputError, match=r"^mine has train-images"):
        load_training_data(Recipe(data="mine"))


def test_held_out_pictures_are_written_down(small_data: Dataset) -> None:
    recipe = Recipe(validation=0.2, seed=3)
    dataset = hold_out(recipe, small_data)
    assert dataset.held_out is not None
    assert split_record(recipe, dataset) == {"validation": 0.2, "seed": 3, "held_out": dataset.held_out.tolist()}
    assert split_record(Recipe(), small_data) == {"validation": 0.0, "seed": 0, "held_out": []}
