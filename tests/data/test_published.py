"""The real MNIST and Fashion-MNIST are read as they were published, and no damage to a file goes unseen.

The tests need the eight files in the folder that LENET_DATA names. A bit is flipped or the end cut off 10,000 times:
9,800 times in the four files of labels, 160 times in the two of test pictures and 40 times in the two of training
pictures. These four take a hundred to a thousand times longer each. With LENET_SLOW_TESTS set, it is 1,250 times in
each file.

pytest tests/data/test_published.py
"""

from __future__ import annotations

import os
import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.data import CATALOGUE, load_dataset
from lenet.data.catalogue import File
from lenet.data.fetch import verify
from lenet.data.idx import unpack
from lenet.data.normalise import as_digit
from lenet.errors import InputError

FOLDER = os.environ.get("LENET_DATA", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="LENET_DATA names no folder with the real data sets")

CASES = {10_008: 2450, 60_008: 2450, 7_840_016: 80, 47_040_016: 20}  # cases of a file, by its decompressed size
EVENLY = bool(os.environ.get("LENET_SLOW_TESTS"))
FILES = [
    (name, file, expected) for name in ("mnist", "fashion-mnist") for file, expected in CATALOGUE[name].files.items()
]


@pytest.mark.parametrize(
    ("name", "labels", "mean", "std"),
    [("mnist", [5, 0, 4, 1, 9], 0.1307, 0.3081), ("fashion-mnist", [9, 0, 0, 3, 0], 0.2860, 0.3530)],
)
def test_the_published_pictures_are_read(name: str, labels: list[int], mean: float, std: float) -> None:
    """The means and deviations of the training pictures are those that the tutorials quote."""
    dataset = load_dataset(name)
    assert dataset.name == name
    assert dataset.train.pictures.shape == (60_000, 1, 28, 28)
    assert dataset.test.pictures.shape == (10_000, 1, 28, 28)
    assert dataset.train.pictures.flags.writeable
    assert dataset.train.labels[:5].tolist() == labels
    assert np.bincount(dataset.test.labels, minlength=10).sum() == 10_000
    assert dataset.train.pictures.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert dataset.train.pictures[::1].std() / 255 == pytest.approx(std, abs=5e-5)
    assert dataset.sources == {file: expected.sha256 for file, expected in CATALOGUE[name].files.items()}


@pytest.mark.parametrize(("name", "file", "expected"), FILES, ids=[f"{name}-{file}" for name, file, _ in FILES])
def test_no_damage_goes_unseen(name: str, file: str, expected: File) -> None:
    """Bits of the gzip header may change without changing the content, which is then rightly accepted."""
    original = (Path(FOLDER) / name / f"{file}.gz").read_bytes()
    content = unpack(BytesIO(original), file, limit=expected.size)
    chance = random.Random(file)
    refused = 0
    for case in range(1250 if EVENLY else CASES[expected.size]):
        damaged = _flip(original, chance) if case % 2 else original[: chance.randrange(len(original))]
        try:
            assert verify(unpack(BytesIO(damaged), file, limit=expected.size), expected, file) == content
        except InputError:
            refused += 1
    assert refused > 0.9 * case


def _flip(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def test_a_digit_of_mnist_stays_what_it_is() -> None:
    """A level may change, as the edges are found anew, but the digits keep their places."""
    digits = load_dataset("mnist").test.pictures[:1000, 0]
    again = np.stack([as_digit(Image.fromarray(digit)) for digit in digits])
    moved = np.abs(again.astype(int) - digits).max((1, 2))
    assert (moved < 64).mean() > 0.9  # a twentieth of the digits have pens so thin that they are thickened
