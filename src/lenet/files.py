"""Files that are whole or absent: each is written beside its place, synced to the disk, then renamed into place."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a crash at any moment leaves the old file or the new one, never a half.

    The temporary file beside it has a fixed name, so that the next write overwrites what a killed process left.
    Raises `OSError` when the disk is full or the folder is read-only; the old file is then unchanged.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException as error:
        if isinstance(error, OSError):
            error.filename = str(path)  # the error of a full disk does not name the file
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def move_into_place(beside: Path, path: Path) -> None:
    """Rename the finished file `beside` to `path` on the same disk, and make its content and its name durable."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename within `folder` durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
