"""The pictures of a training: loaded, held out, limited in number and added to as the recipe says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lenet.data import CATALOGUE, Dataset, Split, load_dataset
from lenet.data.dataset import fingerprint
from lenet.data.download import Progress
from lenet.data.folder import visible
from lenet.data.image import open_picture
from lenet.data.normalise import normalised
from lenet.errors import InputError
from lenet.training.recipe import Recipe

ADDED = 0.05  # the share of the training set that the pictures of `add` get, by being shown again and again


def absolute(recipe: Recipe) -> Recipe:
    """Return `recipe` with absolute paths in `add` and `start`, and in `data` unless that is a name in the `CATALOGUE`.

    A run can then be resumed from any working directory. What is no file or folder is left as it is.
    """
    data = recipe.data if recipe.data in CATALOGUE else _absolute(recipe.data)
    return replace(recipe, data=data, add=_absolute(recipe.add), start=_absolute(recipe.start))


def _absolute(path: str) -> str:
    return str(Path(path).resolve()) if path and Path(path).exists() else path


def load_training_data(recipe: Recipe, data_dir: Path | str | None = None, progress: Progress | None = None) -> Dataset:
    """Return the data set that `recipe` names, with the splits that `hold_out` makes.

    `data_dir` and `progress` are as in `lenet.data.load_dataset`. Raises `InputError` when the data set cannot be
    loaded, or has too few pictures for `recipe`.
    """
    dataset = load_dataset(recipe.data, data_dir=data_dir, progress=progress)  # its errors name the path as given
    return hold_out(recipe, replace(dataset, name=absolute(recipe).data))


def hold_out(recipe: Recipe, dataset: Dataset) -> Dataset:
    """Return `dataset` with the validation split, the number and the additional training pictures of `recipe`.

    Raises `InputError` when there are too few pictures, when `recipe` asks for a validation split and `dataset` has one
    already, and when the additional pictures cannot be used.
    """
    limited = dataset.hold_out(recipe.validation, recipe.seed).limit(recipe.pictures, recipe.seed)
    return with_added(limited, Path(recipe.add)) if recipe.add else limited


def with_added(dataset: Dataset, folder: Path) -> Dataset:
    """Return `dataset` with the pictures in `folder` added to the training set, after those that are there.

    The folder has a sub-folder of pictures for each of some classes. A picture becomes like the others as `predict`
    makes it, and is repeated so often that all that were added make up a share of `ADDED` of the training set. Raises
    `InputError` for a sub-folder that is no class, for a picture that cannot be read, and without any picture.
    """
    listing = _listing(folder, dataset.classes)
    how = dataset.normalisation, dataset.picture_size, dataset.background
    pictures = np.stack([normalised(open_picture(path), *how) for path, _ in listing])[:, None]
    added = Split(pictures, np.array([label for _, label in listing], np.int64))
    times = max(1, round(ADDED / (1 - ADDED) * len(dataset.train) / len(added)))
    repeated = added.take(np.tile(np.arange(len(added)), times))
    joined = Split(
        np.concatenate([dataset.train.pictures, repeated.pictures]),
        np.concatenate([dataset.train.labels, repeated.labels]),
    )
    return replace(dataset, train=joined, sources={**dataset.identity, "added": fingerprint(added)})


def _listing(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Return the path and the label of each picture in the sub-folders of `folder`."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: expected one with a sub-folder of pictures for each class")
    inside = [path for path in visible(folder) if path.is_dir()]
    for path in inside:
        if path.name not in classes:
            raise InputError(f"{path} is not called like a class: expected one of {', '.join(classes)}")
    pictures = [(file, classes.index(path.name)) for path in inside for file in visible(path) if file.is_file()]
    if not pictures:
        raise InputError(f"{folder} has no pictures to add: expected a sub-folder of them for each class")
    return pictures


def split_record(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """Return the validation share, the seed and the positions of the held-out pictures, as JSON values.

    The positions are those in the original training set. With them, the held-out pictures can be found again without
    the generator of random numbers.
    """
    held_out = [] if dataset.held_out is None else dataset.held_out.tolist()
    return {"validation": recipe.validation, "seed": recipe.seed, "held_out": held_out}
