"""Read one picture, in colour or as grey levels. All picture files are read here, for training and prediction."""

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
Normalisation = Literal["frame", "digit"]  # how a picture to predict is made one of the training pictures' kind

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MOST_PIXELS = 40_000_000
ENOUGH = 1600  # pixels a side: no picture needs more detail than this
DEPTHS = (8, 10, 12, 14, 16)  # the bits of a level that scanners and cameras use
UNNAMED = "the picture"


def read_picture(picture: Picture, name: str | None = None) -> NDArray[np.uint8]:
    """Return the grey levels `(H, W)` uint8 of the stored `picture`: 0 is black, 255 is white.

    `picture` and `name` are as in `open_picture`, and so are the errors raised. An array of grey levels is returned
    uncopied.
    """
    if isinstance(picture, np.ndarray) and picture.ndim == 2 and picture.dtype == np.uint8:
        _check_size(picture.shape[1], picture.shape[0], name or UNNAMED)
        return picture
    return np.array(open_picture(picture, name).convert("L"))


def open_picture(picture: Picture, name: str | None = None) -> Image:
    """Return the stored `picture` upright and opaque, with 8 bits a level: a PIL image of the mode L or RGB.

    `picture` is a path, the content of a file as bytes, an open binary file, a PIL image, or a uint8 array with grey
    levels `(H, W)`, colours `(H, W, 3)`, or colours and opacity `(H, W, 4)`. The EXIF orientation is applied, and an
    animated file yields its first frame. A large JPEG file is shrunk while it is decoded, to no less than `ENOUGH`
    pixels a side. Levels of more than 8 bits are scaled by the least number of bits that holds the highest of them.
    Transparency is composited onto the ground that `_opaque` chooses. Raises `InputError` for a file that is absent,
    damaged or in none of the `FORMATS`, for a picture of another type or shape or with floating-point levels, and for
    one of no pixels or of more than `MOST_PIXELS`. The message calls the picture `name`, by default its path, if it has
    one.
    """
    from PIL.Image import Image

    if isinstance(picture, str | PathLike):
        return _open_file(picture, name or os.fspath(picture))
    name = name or UNNAMED
    if isinstance(picture, bytes):
        return _decode(BytesIO(picture), name)
    if isinstance(picture, np.ndarray):
        return _from_array(picture, name)
    if isinstance(picture, Image):
        with _readable(name):
            return _plain(picture, name)
    if hasattr(picture, "read"):
        return _decode(picture, name)
    raise InputError(
        f"{name} is of the type {type(picture).__name__}: "
        "expected a path, bytes, a binary file, a PIL image or a uint8 array"
    )


def scaled_size(width: float, height: float, factor: float) -> tuple[int, int]:
    """Return `width` and `height` times `factor`, rounded to whole pixels, at least one each."""
    return max(1, round(width * factor)), max(1, round(height * factor))


def identified(content: bytes) -> bool:
    """Return whether `content` begins as a picture file in one of the `FORMATS` does; the rest may be damaged."""
    from PIL import Image

    try:
        with _readable(UNNAMED), Image.open(BytesIO(content), formats=FORMATS):
            return True
    except InputError:
        return False


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


def _open_file(path: str | PathLike[str], name: str) -> Image:
    if not os.path.isfile(path):
        raise InputError(f"{name} is not a file: expected a picture ({', '.join(FORMATS)})")
    try:
        with open(path, "rb") as file:
            return _decode(file, name)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def _decode(file: BinaryIO, name: str) -> Image:
    from PIL import Image

    with _readable(name), Image.open(file, formats=FORMATS) as image:
        _check_size(*image.size, name)
        image.draft(None, (ENOUGH, ENOUGH))
        return _plain(image, name)


def _from_array(array: NDArray[np.uint8], name: str) -> Image:
    from PIL import Image

    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise InputError(
            f"{name} is an array of {array.dtype} of shape {array.shape}: "
            "expected uint8 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    _check_size(array.shape[1], array.shape[0], name)
    return _plain(Image.fromarray(array), name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn any `Exception` raised within the block into an `InputError`, which calls the picture `name`.

    Warnings of the decoders, which name no picture, are not shown.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not a picture in one of the formats {', '.join(FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} has far more than the {MOST_PIXELS:,} pixels that are accepted") from error
    except Exception as error:  # a damaged file makes Pillow's decoders raise almost anything
        raise InputError(f"{name} is not a readable picture: {error}") from error


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MOST_PIXELS:
        raise InputError(f"{name} is {width}x{height} pixels: at most {MOST_PIXELS:,} in all are accepted")
    if min(width, height) < 1:
        raise InputError(f"{name} is {width}x{height} pixels: at least one a side is needed")


def _plain(image: Image, name: str) -> Image:
    from PIL import Image, ImageOps

    _check_size(*image.size, name)
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise ValueError("its levels are floating-point numbers, of which black and white are not known")
    if upright.mode.startswith("I"):  # Pillow would clip these to 8 bits and not scale them
        return Image.fromarray(_to_8_bits(np.asarray(upright)))
    if upright.has_transparency_data:
        return _opaque(upright.convert("RGBA"))
    return upright.convert("L" if upright.mode in ("1", "L") else "RGB")


def _to_8_bits(levels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return `levels` from 0 to 65,535 scaled to 8 bits by the least of `DEPTHS` that holds the highest of them."""
    clipped = levels.astype(np.int64).clip(0, 2**16 - 1)
    depth = next(bits for bits in DEPTHS if clipped.max() < 2**bits)
    scaled: NDArray[np.int64] = clipped * 255 // (2**depth - 1)
    return scaled.astype(np.uint8)


def _opaque(image: Image) -> Image:
    """Return `image` (RGBA) composited onto white, or onto black if white would hide what it shows.

    Strokes, which cover at most half of the image or have a single level, are laid on the ground that they contrast
    with. All else is a picture with its own ground, and is laid on black if most of it is nearly black.
    """
    from PIL import Image

    levels = np.asarray(image.convert("LA"))
    seen = levels[..., 0][levels[..., 1] > 127]
    if not seen.size:
        return Image.new("RGB", image.size, "white")
    strokes = 2 * seen.size <= levels[..., 0].size or np.ptp(seen) == 0
    black = seen.mean() > 127 if strokes else np.median(seen) < 64
    ground = Image.new("RGBA", image.size, "black" if black else "white")
    return Image.alpha_composite(ground, image).convert("RGB")
