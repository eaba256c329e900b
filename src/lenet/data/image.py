"""Read one picture as grey levels. All picture files are read here, for training and for prediction."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture: TypeAlias = str | PathLike[str] | bytes | BinaryIO | Image | NDArray[np.uint8]

Background = Literal["dark", "light", "either"]  # the background of stored pictures; either: their border decides

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
LONGEST_SIDE = 4096  # pixels


def read_picture(picture: Picture, name: str | None = None) -> NDArray[np.uint8]:
    """Return the grey levels `(H, W)` uint8 of the stored `picture`: 0 is black, 255 is white.

    `picture` is a path, the content of a file as bytes, an open binary file, a PIL image, or a uint8 array with grey
    levels `(H, W)` (returned uncopied), colours `(H, W, 3)`, or colours and opacity `(H, W, 4)`. The EXIF orientation
    is applied, and an animated file yields its first frame. Levels in Pillow's integer modes (I and I;16) are taken as
    16 bits and scaled to 8; in all other modes, transparency is composited onto white. Raises `InputError` for a file
    that is absent, damaged or in none of the `FORMATS`, for a picture of another type or shape or with floating-point
    levels, and for sides outside 1 to 4096 pixels. The message calls the picture `name`, by default its path, if it has
    one.
    """
    from PIL.Image import Image

    if isinstance(picture, str | PathLike):
        return _read_file(picture, name or os.fspath(picture))
    name = name or "the picture"
    if isinstance(picture, bytes):
        return _decode(BytesIO(picture), name)
    if isinstance(picture, np.ndarray):
        return _from_array(picture, name)
    if isinstance(picture, Image):
        with _readable(name):
            return _grey_levels(picture, name)
    if hasattr(picture, "read"):
        return _decode(picture, name)
    raise InputError(
        f"{name} is of the type {type(picture).__name__}: "
        "expected a path, bytes, a binary file, a PIL image or a uint8 array"
    )


def background_of(pictures: NDArray[np.uint8]) -> Background:
    """Return the one background of all `pictures` `(..., H, W)`: light if the median of their borders is above 127.

    Otherwise it is dark. The corners count twice.
    """
    border = np.concatenate([pictures[..., [0, -1], :].ravel(), pictures[..., [0, -1]].ravel()])
    return "light" if np.median(border) > 127 else "dark"


def ink_high(pictures: NDArray[np.uint8], background: Background) -> NDArray[np.uint8]:
    """Return the `pictures` `(..., H, W)` with ink high on a dark background: inverted if `background` is "light".

    If `background` is "either", one call of `background_of` decides for all of them. Dark pictures are not copied.
    """
    if background == "either":
        background = background_of(pictures)
    return 255 - pictures if background == "light" else pictures


def _read_file(path: str | PathLike[str], name: str) -> NDArray[np.uint8]:
    if not os.path.isfile(path):
        raise InputError(f"{name} is not a file: expected a picture ({', '.join(FORMATS)})")
    try:
        with open(path, "rb") as file:
            return _decode(file, name)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def _decode(file: BinaryIO, name: str) -> NDArray[np.uint8]:
    from PIL import Image

    with _readable(name), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(file, formats=FORMATS) as image:
            return _grey_levels(image, name)


def _from_array(array: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    from PIL import Image

    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise InputError(
            f"{name} is an array of {array.dtype} of shape {array.shape}: "
            "expected uint8 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    _check_size(array.shape[1], array.shape[0], name)
    return array if array.ndim == 2 else _grey_levels(Image.fromarray(array), name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn any `Exception` raised within the block into an `InputError`, which calls the picture `name`."""
    from PIL import UnidentifiedImageError

    try:
        yield
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not a picture in one of the formats {', '.join(FORMATS)}") from error
    except Exception as error:  # a damaged file makes Pillow's decoders raise almost anything
        raise InputError(f"{name} is not a readable picture: {error}") from error


def _check_size(width: int, height: int, name: str) -> None:
    if max(width, height) > LONGEST_SIDE:
        raise InputError(f"{name} is {width}x{height} pixels: at most {LONGEST_SIDE} a side are accepted")
    if min(width, height) < 1:
        raise InputError(f"{name} is {width}x{height} pixels: at least one a side is needed")


def _grey_levels(image: Image, name: str) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    _check_size(*image.size, name)
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise ValueError("its levels are floating-point numbers, of which black and white are not known")
    if upright.mode.startswith("I"):  # these are 16 bits a pixel; Pillow would clip them and not scale them
        return (np.asarray(upright).clip(0, 65535) // 257).astype(np.uint8)
    if upright.has_transparency_data:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright.convert("RGBA"))
    return np.array(upright.convert("L"))
