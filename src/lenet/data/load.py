"""Load a data set: one of the catalogue by name, or your own by folder."""

from __future__ import annotations

import os
from pathlib import Path

from lenet.data.catalogue import CATALOGUE, TEST, TRAIN
from lenet.data.dataset import Dataset
from lenet.data.digits import load_digits
from lenet.data.download import Progress
from lenet.data.fetch import obtain
from lenet.data.folder import load_folder
from lenet.data.idx import pair, parse_idx
from lenet.errors import InputError, unknown


def load_dataset(name: str, *, data_dir: Path | str | None = None, progress: Progress | None = None) -> Dataset:
    """Return the data set called `name` in the `CATALOGUE`, or else the one in the folder whose path is `name`.

    The pictures are `(N, C, H, W)` uint8, 0 (background) to 255 (ink); the labels are `(N,)` int64. For a data set of
    the catalogue that has files, `data_dir` is the folder that holds them; without it, `lenet.data.fetch.obtain` finds
    or downloads them, and `progress` makes a `ProgressBar` from the address of each download. Raises `InputError` for
    an unknown name, for a folder that `load_folder` cannot use, and for files that are missing, damaged or not as
    published.
    """
    if name == "digits":
        return load_digits()
    if name == "handwriting":
        from lenet.data.handwriting import load_handwriting

        return load_handwriting(_load_published("mnist", data_dir, progress))
    if name in CATALOGUE:
        return _load_published(name, data_dir, progress)
    if Path(name).is_dir():
        return load_folder(name)
    if name.startswith(".") or os.sep in name or "/" in name:
        raise InputError(f"the folder '{name}' does not exist: expected a folder or one of {', '.join(CATALOGUE)}")
    raise unknown("data set", name, CATALOGUE)


def _load_published(name: str, data_dir: Path | str | None, progress: Progress | None) -> Dataset:
    entry = CATALOGUE[name]
    contents = obtain(name, entry, data_dir=data_dir, progress=progress)
    arrays = {file: parse_idx(content, file) for file, content in contents.items()}
    train, test = (
        pair(arrays[images], arrays[labels], name, classes=len(entry.classes)) for images, labels in (TRAIN, TEST)
    )
    sources = {file: expected.sha256 for file, expected in entry.files.items()}
    return Dataset(
        name, train, test, entry.classes, background="either", normalisation=entry.normalisation, sources=sources
    )
