"""The pictures that words name: files, folders, patterns and standard input."""

from __future__ import annotations

import glob
import os
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path

from lenet.data.image import identified
from lenet.errors import InputError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm")


def named_pictures(words: Iterable[str]) -> Iterator[tuple[str, str | bytes]]:
    """Yield a name and a path, or the content of a file, for each picture that `words` name.

    A folder stands for the picture files in it and in its sub-folders, by name, except hidden ones. A word with `*`,
    `?` or `[` stands for the files that match it, unless a file is called so. `-` stands for standard input: one
    picture, or the paths of pictures, one on a line. Raises `InputError` for a folder or a pattern without pictures,
    and for empty standard input.
    """
    for word in words:
        if word == "-":
            yield from _from_input(sys.stdin.buffer.read())
        elif os.path.isdir(word):
            yield from ((path, path) for path in _in_folder(word))
        elif glob.has_magic(word) and not os.path.exists(word):
            yield from ((path, path) for path in _matching(word))
        else:
            yield word, word


def _from_input(content: bytes) -> Iterator[tuple[str, str | bytes]]:
    """Yield the picture that `content` is, or the pictures that it names, one on a line; names have no zero bytes."""
    if b"\0" in content or identified(content):
        yield "standard input", content
        return
    lines = [line.removesuffix(b"\r") for line in content.removeprefix(BOM_UTF8).split(b"\n")]
    names = [os.fsdecode(line) for line in lines if line.strip()]
    if not names:
        raise InputError("standard input is empty: expected a picture, or the paths of pictures, one on a line")
    yield from named_pictures(name for name in names if name != "-")


def _in_folder(folder: str) -> list[str]:
    below = Path(folder).rglob("*")
    inside = (path for path in below if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    found = sorted(str(path) for path in inside if path.suffix.lower() in ENDINGS and path.is_file())
    if not found:
        raise InputError(f"the folder {folder} has no pictures: expected files that end in {', '.join(ENDINGS)}")
    return found


def _matching(pattern: str) -> list[str]:
    found = sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
    if not found:
        raise InputError(f"no file matches {pattern}")
    return found
