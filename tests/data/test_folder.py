"""Every layout of own data is accepted or refused with a clear sentence.

pytest tests/data/test_folder.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lenet.data import load_dataset
from lenet.data.idx import write_idx
from lenet.errors import InputError

SIZE = (6, 5)  # height and width


def levels(label: int, number: int) -> NDArray[np.uint8]:
    """Return a picture that tells its class and number, on a dark background."""
    picture = np.zeros(SIZE, np.uint8)
    picture[2, 2:4] = 100 * label + 50, number
    return picture


def write_classes(root: Path, names: str = "ab", count: int = 10, start: int = 0) -> None:
    for label, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number in range(start, start + count):
            Image.fromarray(levels(label, number)).save(root / name / f"{number:03}.png")


def numbers(images: NDArray[np.uint8]) -> list[int]:
    return sorted(images[:, 0, 2, 3].tolist())


def test_a_folder_per_class(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "a" / "Thumbs.db").touch()
    data = load_dataset(str(tmp_path))
    assert data.name == str(tmp_path)
    assert data.classes == ("a", "b")
    assert data.picture_size == SIZE
    assert (np.bincount(data.train.labels).tolist(), np.bincount(data.test.labels).tolist()) == ([8, 8], [2, 2])
    images = np.concatenate([data.train.pictures, data.test.pictures])
    assert numbers(images) == sorted([*range(10), *range(10)])
    np.testing.assert_array_equal(data.train.pictures[:, 0, 2, 2], 100 * data.train.labels + 50)
    again = load_dataset(str(tmp_path))
    np.testing.assert_array_equal(again.test.pictures, data.test.pictures)
    assert again.sources == data.sources != {}


def test_train_and_test_folders(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", count=5)
    write_classes(tmp_path / "test", count=2, start=50)
    data = load_dataset(str(tmp_path))
    assert numbers(data.train.pictures) == sorted([*range(5)] * 2)
    assert numbers(data.test.pictures) == [50, 50, 51, 51]
    assert data.test.labels.tolist() == [0, 0, 1, 1]


def test_a_train_folder_alone_is_parted(tmp_path: Path) -> None:
    write_classes(tmp_path / "train")
    data = load_dataset(str(tmp_path))
    assert (len(data.train), len(data.test), data.classes) == (16, 4, ("a", "b"))


def test_train_may_be_a_class(tmp_path: Path) -> None:
    write_classes(tmp_path, names="x")
    (tmp_path / "x").rename(tmp_path / "train")
    write_classes(tmp_path, names="b")
    assert load_dataset(str(tmp_path)).classes == ("b", "train")


def test_light_backgrounds_are_turned(tmp_path: Path) -> None:
    """Ink is high in a split, and whether to invert is decided once for all pictures."""
    write_classes(tmp_path / "dark")
    for path in (tmp_path / "dark").glob("*/*.png"):
        light = tmp_path / "light" / path.relative_to(tmp_path / "dark")
        light.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - np.asarray(Image.open(path))).save(light)
    dark, light_ones = (load_dataset(str(tmp_path / name)) for name in ("dark", "light"))
    np.testing.assert_array_equal(dark.train.pictures, light_ones.train.pictures)
    assert dark.train.pictures[:, 0, 0, 0].max() == 0


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("prefix", ["t10k", "test", None])
def test_a_folder_of_idx_files(tmp_path: Path, ending: str, prefix: str | None) -> None:
    images = np.stack([levels(number % 2, number) for number in range(20)])
    labels = np.arange(20, dtype=np.uint8) % 2
    parts = {"train": slice(20)} if prefix is None else {"train": slice(16), prefix: slice(16, 20)}
    for part, positions in parts.items():
        write_idx(tmp_path / f"{part}-images-idx3-ubyte{ending}", images[positions])
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte{ending}", labels[positions])
    data = load_dataset(str(tmp_path))
    assert (len(data.train), len(data.test), data.classes) == (16, 4, ("0", "1"))
    np.testing.assert_array_equal(data.test.pictures[:, 0, 2, 2], 100 * data.test.labels + 50)
    assert list(data.sources) == [f"{part}-{kind}-ubyte" for part in parts for kind in ("images-idx3", "labels-idx1")]


def refused(folder: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_dataset(str(folder))
    assert str(folder) in str(caught.value)


def test_idx_files_that_do_not_pair(tmp_path: Path) -> None:
    write_idx(tmp_path / "train-images", np.zeros((4, 3, 3), np.uint8))
    refused(tmp_path, r"has train-images\* without train-labels\*")
    write_idx(tmp_path / "train-labels", np.zeros(4, np.uint8))
    refused(tmp_path, "has one class only")
    write_idx(tmp_path / "train-labels", np.arange(4, dtype=np.uint8))
    refused(tmp_path, "too few pictures to set 0.2 of every class aside: 4, class '0' only 1")


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    refused(tmp_path, "is empty: expected a sub-folder of pictures per class")


def test_one_class(tmp_path: Path) -> None:
    write_classes(tmp_path, names="a")
    refused(tmp_path, r"has 1 class folders \['a'\]: at least two are needed")


def test_an_empty_class(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / ".DS_Store").touch()
    refused(tmp_path, "the class folder .*c is empty")


def test_a_class_with_too_few(tmp_path: Path) -> None:
    write_classes(tmp_path)
    write_classes(tmp_path, names="c", count=1)
    refused(tmp_path, "too few pictures .* 21, class 'c' only 1")


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    refused(tmp_path, "notes.txt is not a picture in one of the formats")
    (tmp_path / "a" / "notes.txt").unlink()
    (tmp_path / "a" / "deeper").mkdir()
    refused(tmp_path, "deeper is not a file: expected a picture")


def test_a_picture_outside_the_classes(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / "a" / "000.png").rename(tmp_path / "stray.png")
    refused(tmp_path, "stray.png lies outside the class folders")


def test_mixed_sizes(tmp_path: Path) -> None:
    write_classes(tmp_path / "train")
    write_classes(tmp_path / "test")
    Image.new("L", (7, 7)).save(tmp_path / "test" / "b" / "999.png")
    refused(tmp_path, r"test/b/999.png is 7x7 pixels but .*train/a/000.png is 5x6")


def test_train_and_test_that_do_not_match(tmp_path: Path) -> None:
    write_classes(tmp_path / "train")
    write_classes(tmp_path / "test", names="ac")
    refused(tmp_path, r"test has the classes \('a', 'c'\): expected \('a', 'b'\)")
    write_classes(tmp_path / "valid")
    refused(tmp_path, "valid is neither 'train' nor 'test'")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data.zip").touch()
    refused(tmp_path / "data.zip", "does not exist|is not a folder")
