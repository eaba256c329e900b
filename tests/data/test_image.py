"""A picture gives its grey levels from any kind of file or object, and anything else is refused.

pytest tests/data/test_image.py
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lenet.data.image import Background, background_of, ink_high, open_picture, read_picture
from lenet.errors import InputError

if TYPE_CHECKING:
    from lenet.data.image import Picture

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
    """The weights are those of ITU-R 601-2: 0.299 red, 0.587 green, 0.114 blue."""
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert stored(tmp_path / "it.png", colours).tolist() == [[76, 150, 29]]


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    deep = LEVELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(stored(tmp_path / "it.png", deep), LEVELS)


@pytest.mark.parametrize("highest", [255, 1023, 4095, 16383, 65535])
def test_deep_levels_are_scaled_by_the_bits_in_use(tmp_path: Path, highest: int) -> None:
    deep = np.array([[0, highest // 2, highest]], np.uint16)
    assert stored(tmp_path / "it.png", deep).tolist() == [[0, 127, 255]]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_light_strokes_on_transparent_ground_are_laid_on_black(tmp_path: Path, mode: str) -> None:
    drawing = Image.new("RGBA", (9, 9), (255, 255, 255, 0))
    drawing.paste((250, 240, 255, 255), (4, 1, 5, 8))
    levels = stored(tmp_path / "it.png", drawing.convert(mode))
    assert levels[0, 0] == 0
    assert levels[4, 4] > 240


def test_a_dark_picture_with_a_transparent_rim_is_laid_on_black(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    picture.paste((10, 10, 10, 255), (1, 1, 8, 8))
    picture.paste((255, 255, 255, 255), (4, 2, 5, 7))
    assert stored(tmp_path / "it.png", picture)[0, 0] == 0


def test_a_large_photograph_is_shrunk_while_it_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (6400, 3600), (200, 180, 160)).save(tmp_path / "it.jpg")
    image = open_picture(tmp_path / "it.jpg")
    assert (image.mode, image.size) == ("RGB", (3200, 1800))


def test_damaged_exif_is_not_spoken_of(tmp_path: Path) -> None:
    """Warnings are errors in these tests, so that one of the decoder's would refuse the picture."""
    Image.fromarray(LEVELS).save(tmp_path / "it.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")
    assert read_picture(tmp_path / "it.jpg").shape == LEVELS.shape


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    ink = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    ink.putpixel((0, 0), (0, 0, 0, 255))
    assert stored(tmp_path / "it.png", ink).tolist() == [[0, 255]]
    assert stored(tmp_path / "grey.png", Image.fromarray(LEVELS), transparency=0)[0, 0] == 255


def test_it_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.fromarray(LEVELS)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    np.testing.assert_array_equal(stored(tmp_path / "it.png", picture, exif=exif), np.rot90(LEVELS, -1))


KINDS: dict[str, Callable[[Path], Picture]] = {
    "path": lambda path: path,
    "text": str,
    "bytes": Path.read_bytes,
    "file": lambda path: BytesIO(path.read_bytes()),
    "PIL": lambda path: Image.open(BytesIO(path.read_bytes())),
    "grey array": lambda path: np.asarray(Image.open(path)),
    "colour array": lambda path: np.asarray(Image.open(path).convert("RGB")),
    "transparent array": lambda path: np.asarray(Image.open(path).convert("RGBA")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_object_gives_the_same_levels(tmp_path: Path, kind: str) -> None:
    stored(tmp_path / "it.png", LEVELS)
    levels = read_picture(KINDS[kind](tmp_path / "it.png"))
    np.testing.assert_array_equal(levels, LEVELS)
    assert levels.dtype == np.uint8


def test_colours_and_opacity_of_an_array_are_those_of_a_file() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert read_picture(colours).tolist() == [[76, 150, 29]]
    half = np.array([[[0, 0, 0, 255], [0, 0, 0, 0]]], np.uint8)
    assert read_picture(half).tolist() == [[0, 255]]


def test_a_pil_image_is_left_as_it_is() -> None:
    picture = Image.fromarray(LEVELS).convert("RGBA")
    before = picture.tobytes()
    read_picture(picture)
    assert (picture.mode, picture.tobytes()) == ("RGBA", before)


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (3, "it is of the type int: expected a path, bytes, a binary file, a PIL image or a uint8 array"),
        (None, "it is of the type NoneType: expected a path, bytes, a binary file, a PIL image or a uint8 array"),
        (b"<svg/>", "it is not a picture in one of the formats PNG"),
        (BytesIO(b""), "it is not a picture in one of the formats PNG"),
        (np.zeros((2, 2)), "it is an array of float64 of shape (2, 2): expected uint8 of shape (H, W), "),
        (np.zeros((2, 2, 2), np.uint8), "it is an array of uint8 of shape (2, 2, 2): expected uint8 of shape (H, W), "),
        (np.zeros(4, np.uint8), "it is an array of uint8 of shape (4,): expected uint8 of shape (H, W), "),
        (np.zeros((0, 4), np.uint8), "it is 4x0 pixels: at least one a side is needed"),
        (np.zeros((4, 0, 3), np.uint8), "it is 0x4 pixels: at least one a side is needed"),
        (np.zeros((1, 40_000_001), np.uint8), "it is 40000001x1 pixels: at most 40,000,000 in all are accepted"),
        (Image.new("L", (1, 40_000_001)), "it is 1x40000001 pixels: at most 40,000,000 in all are accepted"),
        (Image.new("F", (2, 2)), "it is not a readable picture: its levels are floating-point numbers"),
    ],
    ids=lambda value: value[:32] if isinstance(value, str) else type(value).__name__,
)
def test_an_object_that_is_no_picture_is_refused(picture: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        read_picture(picture, "it")


def test_what_has_no_name_is_called_the_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the picture is not a picture in one of the formats"):
        read_picture(b"")
    with pytest.raises(InputError, match=r"^mine is not a file: expected a picture"):
        read_picture(tmp_path / "absent.png", "mine")


@pytest.mark.parametrize(("level", "background"), [(0, "dark"), (127, "dark"), (128, "light"), (255, "light")])
def test_a_background_is_what_most_of_the_border_is(level: int, background: Background) -> None:
    picture = np.full((9, 9), 255 - level, np.uint8)
    picture[[0, -1]] = picture[:, [0, -1]] = level
    picture[0, :8] = 255 - level  # a stroke that leaves the picture
    assert background_of(picture) == background


def test_ink_is_high_whatever_it_was() -> None:
    dark = np.zeros((2, 5, 5), np.uint8)
    dark[:, 2, 2] = 200
    for pictures, background in ((dark, "dark"), (255 - dark, "light"), (dark, "either"), (255 - dark, "either")):
        np.testing.assert_array_equal(ink_high(pictures, background), dark)  # type: ignore[arg-type]
    np.testing.assert_array_equal(ink_high(dark, "light"), 255 - dark)


def png(width: int, height: int) -> bytes:
    """Return a PNG file that says how large it is and is cut short there."""
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
        (png(8001, 5000), "is 8001x5000 pixels: at most 40,000,000 in all are accepted"),
        (png(1, 2**31 - 1), "has far more than the 40,000,000 pixels that are accepted"),
        (png(10_000, 10_000), "is 10000x10000 pixels: at most 40,000,000 in all are accepted"),
        (png(2**31 - 1, 2**31 - 1), "has far more than the 40,000,000 pixels that are accepted"),
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
