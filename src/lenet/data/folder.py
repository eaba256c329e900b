"""Your own data: a folder of IDX files, or of pictures in one sub-folder per class."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.dataset import Dataset, Split, fingerprint
from lenet.data.idx import pair, parse_idx, read_content
from lenet.data.image import Background, background_of, ink_high, read_picture
from lenet.data.stratify import stratified
from lenet.errors import InputError

TEST_FRACTION = 0.2  # the share of every class that is set aside if a folder has no test set
SPLIT_SEED = 0
LITTER = ("Thumbs.db", "desktop.ini")  # files that file managers leave; names with a leading dot are skipped too

LAYOUTS = (
    "expected a sub-folder of pictures per class, the same within 'train' and 'test', "
    "or IDX files train-images*, train-labels*"
)


def load_folder(folder: Path | str) -> Dataset:
    """Return the data set in `folder`, named by the path as given.

    The folder holds IDX files `train-images*` and `train-labels*`, with `t10k-*` or `test-*` for any test set; or one
    sub-folder of pictures per class, with the name of the class; or `train` and perhaps `test`, each with such
    sub-folders. Without a test set, a fixed, stratified fifth of the pictures is set aside as one. The classes of IDX
    files are called 0, 1 and so on; the background of their pictures must be 0, which is not checked. Picture files are
    read as grey levels, and all are inverted if the median over all their borders is above 127. Raises `InputError` for
    any other folder, for fewer than two classes, for too few pictures to set some aside, for a file that cannot be
    read, and for pictures that differ in size.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"{folder} is not a folder: {LAYOUTS}")
    if not visible(path):
        raise InputError(f"{folder} is empty: {LAYOUTS}")
    return _load_idx(path, str(folder)) if _idx_file(path, "train-images") else _load_pictures(path, str(folder))


def _load_idx(folder: Path, name: str) -> Dataset:
    train, sources = _idx_split(folder, "train")
    classes = tuple(str(label) for label in range(int(train.labels.max()) + 1))
    if len(np.unique(train.labels)) < 2:
        raise InputError(f"{name} has one class only: at least two are needed")
    for prefix in ("t10k", "test"):
        if _idx_file(folder, f"{prefix}-images"):
            test, test_sources = _idx_split(folder, prefix)
            return Dataset(name, train, test, classes, sources=sources | test_sources)
    train, test = _set_aside(train, classes, name)
    return Dataset(name, train, test, classes, sources=sources)


def _idx_split(folder: Path, prefix: str) -> tuple[Split, dict[str, str]]:
    """Return the split in the IDX files with this `prefix`, and the SHA-256 of each file's content by its name.

    The content is decompressed, and the names are without `.gz`. Raises `InputError` for a file that is missing or
    cannot be used.
    """
    images, labels = _idx_file(folder, f"{prefix}-images"), _idx_file(folder, f"{prefix}-labels")
    if images is None or labels is None:
        raise InputError(f"{folder} has {prefix}-images* without {prefix}-labels*: both are needed")
    contents = {path: read_content(path) for path in (images, labels)}
    split = pair(parse_idx(contents[images], images), parse_idx(contents[labels], labels), str(folder))
    return split, {_plain(path): hashlib.sha256(content).hexdigest() for path, content in contents.items()}


def _idx_file(folder: Path, start: str) -> Path | None:
    return min((path for path in folder.glob(f"{start}*") if path.is_file()), default=None)


def _plain(path: Path) -> str:
    return path.name.removesuffix(".gz")


def _load_pictures(folder: Path, name: str) -> Dataset:
    train_root, test_root = _roots(folder)
    classes = _classes(train_root)
    pictures = _listing(train_root, classes)
    if test_root is None:
        whole, background = _read(pictures)
        train, test = _set_aside(whole, classes, name)
    else:
        if _classes(test_root) != classes:
            raise InputError(
                f"{test_root} has the classes {_classes(test_root)}: expected {classes} as in {train_root}"
            )
        whole, background = _read(pictures + _listing(test_root, classes))
        positions = np.arange(len(whole), dtype=np.int64)
        train, test = whole.take(positions[: len(pictures)]), whole.take(positions[len(pictures) :])
    return Dataset(name, train, test, classes, background=background, sources={"pictures": fingerprint(whole)})


def _roots(folder: Path) -> tuple[Path, Path | None]:
    """Return the folders that hold the class folders for training and for testing; the second is None if absent.

    They are `train` and `test` in `folder`. If `train` is absent or has no sub-folders, `folder` itself holds the class
    folders, and `train` may be one of them. Raises `InputError` when anything except `LITTER` and hidden files lies
    next to `train` and `test`.
    """
    train, test = folder / "train", folder / "test"
    if not train.is_dir() or not any(path.is_dir() for path in visible(train)):
        return folder, None
    for path in visible(folder):
        if path not in (train, test):
            raise InputError(f"{path} is neither 'train' nor 'test': {LAYOUTS}")
    return train, test if test.is_dir() else None


def _classes(root: Path) -> tuple[str, ...]:
    for path in visible(root):
        if not path.is_dir():
            raise InputError(f"{path} lies outside the class folders: {LAYOUTS}")
    classes = tuple(path.name for path in visible(root))
    if len(classes) < 2:
        raise InputError(f"{root} has {len(classes)} class folders {list(classes)}: at least two are needed")
    return classes


def _listing(root: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Return the path and label of every picture under `root`; the label is the position of the class in `classes`.

    Raises `InputError` for an empty folder.
    """
    listing = []
    for label, name in enumerate(classes):
        pictures = visible(root / name)
        if not pictures:
            raise InputError(f"the class folder {root / name} is empty: expected pictures of that class")
        listing += [(picture, label) for picture in pictures]
    return listing


def _read(listing: list[tuple[Path, int]]) -> tuple[Split, Background]:
    """Return the pictures and labels of `listing` as a split with ink high, and the background as stored.

    Raises `InputError` for a picture that cannot be read, and for pictures that differ in size.
    """
    images: list[NDArray[np.uint8]] = []
    for path, _ in listing:
        image = read_picture(path)
        if images and image.shape != images[0].shape:
            (height, width), (first_height, first_width) = image.shape, images[0].shape
            raise InputError(
                f"{path} is {width}x{height} pixels but {listing[0][0]} is {first_width}x{first_height}: "
                "all pictures must be of one size"
            )
        images.append(image)
    labels = np.array([label for _, label in listing], dtype=np.int64)
    stored = np.stack(images)[:, None]
    background = background_of(stored)
    return Split(ink_high(stored, background), labels), background


def _set_aside(whole: Split, classes: tuple[str, ...], name: str) -> tuple[Split, Split]:
    kept, held = stratified(whole.labels, TEST_FRACTION, SPLIT_SEED, name, classes)
    return whole.take(kept), whole.take(held)


def visible(folder: Path) -> list[Path]:
    """Return what lies in `folder`, sorted, without hidden files and `LITTER`.

    Raises `InputError` if the folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in LITTER)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be read: {error.strerror or error}") from error
