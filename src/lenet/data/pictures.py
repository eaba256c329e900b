"""One picture file as grey levels: the one way in for training on own pictures and for prediction."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Background = Literal["dark", "light", "either"]  # of pictures as they are stored; either: each has its own

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
LONGEST_SIDE = 4096  # pixels


def read_picture(path: Path | str) -> NDArray[np.uint8]:
    """The grey levels `(H, W)` uint8 of a picture as it is stored: 0 is black, 255 is white.

    Turned upright as its EXIF says, laid on white where it is transparent, the first frame where it moves.
    Raises `InputError` for a file that is absent or damaged, in no known format, or over 4096 pixels a side.
    """
    if not os.path.isfile(path):
        raise InputError(f"{path} is not a file: expected a picture ({', '.join(FORMATS)})")
    try:
        with open(path, "rb") as file:
            return decode_picture(file, str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def decode_picture(file: BinaryIO, name: str) -> NDArray[np.uint8]:
    """`read_picture` for an open file; `name` is what errors call it."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                _check_size(picture, name)
                return _grey_levels(picture)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not a picture in one of the formats {', '.join(FORMATS)}") from error
    except Exception as error:  # a damaged file makes Pillow's decoders raise almost anything
        raise InputError(f"{name} is not a readable picture: {error}") from error


def background_of(images: NDArray[np.uint8]) -> Background:
    """What most of the border of the pictures `(..., H, W)` is."""
    border = np.concatenate([images[..., [0, -1], :].ravel(), images[..., [0, -1]].ravel()])
    return "light" if np.median(border) > 127 else "dark"


def ink_high(images: NDArray[np.uint8], background: Background) -> NDArray[np.uint8]:
    """Pictures `(..., H, W)` as a network sees them, on a background of 0: negatives of those on a light one."""
    if background == "either":
        background = background_of(images)
    return 255 - images if background == "light" else images


def _check_size(picture: Image, name: str) -> None:
    width, height = picture.size
    if max(width, height) > LONGEST_SIDE:
        raise InputError(f"{name} is {width}x{height} pixels: at most {LONGEST_SIDE} a side are accepted")


def _grey_levels(picture: Image) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "F":
        raise ValueError("its levels are floating-point numbers, of which black and white are not known")
    if upright.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip and not scale
        return (np.asarray(upright).clip(0, 65535) // 257).astype(np.uint8)
    if upright.has_transparency_data:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright.convert("RGBA"))
    return np.array(upright.convert("L"))
