"""Reading a picture: what its grey levels are in every kind of file, and what is refused.

Run: pytest tests/data/test_pictures.py
"""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lenet.data.pictures import read_picture
from lenet.errors import InputError

LEVELS = np.arange(0, 240, 5, dtype=np.uint8).reshape(6, 8)


def stored(path: Path, picture: Image.Image | NDArray[np.generic], **options: Any) -> NDArray[np.uint8]:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(path, **options)
    return read_picture(path)


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "tif", "pgm"])
def test_lossless_formats_keep_every_level(tmp_path: Path, ending: str) -> None:
    levels = stored(tmp_path / f"it.{ending}", LEVELS)
    np.testing.assert_array_equal(levels, LEVELS)
    assert levels.dtype == np.uint8
    assert levels.flags.writeable


@pytest.mark.parametrize(("ending", "options"), [("jpg", {"quality": 100}), ("webp", {"lossless": True})])
def test_other_formats_keep_them_nearly(tmp_path: Path, ending: str, options: dict[str, Any]) -> None:
    levels = stored(tmp_path / f"it.{ending}", LEVELS, **options)
    np.testing.assert_allclose(levels, LEVELS, atol=2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_every_mode_becomes_grey(tmp_path: Path, mode: str) -> None:
    halves = np.repeat(np.array([[0, 255]], np.uint8), 3, axis=0)
    np.testing.assert_array_equal(stored(tmp_path / "it.png", Image.fromarray(halves).convert(mode)), halves)


def test_colours_are_weighed_as_the_eye_does(tmp_path: Path) -> None:
    """ITU-R 601-2: 0.299 red, 0.587 green, 0.114 blue."""
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert stored(tmp_path / "it.png", colours).tolist() == [[76, 150, 29]]


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    deep = LEVELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(stored(tmp_path / "it.png", deep), LEVELS)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    ink = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    ink.putpixel((0, 0), (0, 0, 0, 255))
    assert stored(tmp_path / "it.png", ink).tolist() == [[0, 255]]
    assert stored(tmp_path / "grey.png", Image.fromarray(LEVELS), transparency=0)[0, 0] == 255


def test_it_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.fromarray(LEVELS)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned a quarter
    np.testing.assert_array_equal(stored(tmp_path / "it.png", picture, exif=exif), np.rot90(LEVELS, -1))


def png(width: int, height: int) -> bytes:
    """A PNG file that says how large it is and is cut short there."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + checksum + struct.pack(">I4s", 99, b"IDAT")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a picture in one of the formats PNG"),
        (b"<svg/>", "is not a picture in one of the formats PNG"),
        (b"%PDF-1.4", "is not a picture in one of the formats PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture in one of the formats PNG"),
        (png(8, 6), "is not a readable picture"),
        (png(4097, 1), "is 4097x1 pixels: at most 4096 a side are accepted"),
        (png(1, 2**31 - 1), "exceeds limit|at most 4096 a side"),
        (png(10_000, 10_000), "exceeds limit of"),
        (png(2**31 - 1, 2**31 - 1), "exceeds limit of"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "it.png").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_picture(tmp_path / "it.png")
    assert str(tmp_path / "it.png") in str(caught.value)


def test_floating_point_levels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="floating-point"):
        stored(tmp_path / "it.tif", LEVELS.astype(np.float32))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.png"):
        with pytest.raises(InputError, match="is not a file: expected a picture"):
            read_picture(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
@pytest.mark.filterwarnings("ignore")  # Pillow warns of some damage that it can live with
def test_damage_is_refused_or_survived(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"it.{ending}"
    stored(path, LEVELS)
    original = path.read_bytes()
    chance = random.Random(ending)
    refused = 0
    for case in range(200):
        damaged = bytearray(original[: chance.randrange(len(original))] if case % 2 else original)
        if damaged:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert read_picture(path).dtype == np.uint8
        except InputError:
            refused += 1
    assert refused > 0
