"""The pictures of a training: loaded, held out and limited in number as the recipe says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from lenet.data import CATALOGUE, Dataset, load_dataset
from lenet.data.download import Progress
from lenet.training.recipe import Recipe


def absolute(recipe: Recipe) -> Recipe:
    """Return `recipe` with an absolute path in `data`, if that is a folder and not a name in the `CATALOGUE`.

    A run can then be resumed from any working directory.
    """
    if recipe.data in CATALOGUE or not Path(recipe.data).is_dir():
        return recipe
    return replace(recipe, data=str(Path(recipe.data).resolve()))


def load_training_data(recipe: Recipe, data_dir: Path | str | None = None, progress: Progress | None = None) -> Dataset:
    """Return the data set that `recipe` names, with the splits that `hold_out` makes.

    `data_dir` and `progress` are as in `lenet.data.load_dataset`. Raises `InputError` when the data set cannot be
    loaded, or has too few pictures for `recipe`.
    """
    dataset = load_dataset(recipe.data, data_dir=data_dir, progress=progress)  # its errors name the path as given
    return hold_out(recipe, replace(dataset, name=absolute(recipe).data))


def hold_out(recipe: Recipe, dataset: Dataset) -> Dataset:
    """Return `dataset` with the validation split and the number of training pictures that `recipe` asks for.

    Raises `InputError` when there are too few pictures, or when `recipe` asks for a validation split and `dataset` has
    one already.
    """
    return dataset.hold_out(recipe.validation, recipe.seed).limit(recipe.pictures, recipe.seed)


def split_record(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """Return the validation share, the seed and the positions of the held-out pictures, as JSON values.

    The positions are those in the original training set. With them, the held-out pictures can be found again without
    the generator of random numbers.
    """
    held_out = [] if dataset.held_out is None else dataset.held_out.tolist()
    return {"validation": recipe.validation, "seed": recipe.seed, "held_out": held_out}
