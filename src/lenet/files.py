"""Files that are whole or absent: written beside, synced to the disk, then renamed into place."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a crash at any moment leaves the old file or the new one, never a half.

    The file beside has one fixed name, so that what a kill leaves behind is overwritten by the next write.
    Raises `OSError` when the disk is full or the folder is read-only; the old file is then as it was.
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
            error.filename = str(path)  # a full disk does not say which file it was
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def move_into_place(beside: Path, path: Path) -> None:
    """Rename the finished file `beside` to `path` on the same disk, both its content and its name made durable."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
