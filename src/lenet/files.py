"""Files that are whole or absent: each is written next to its destination, synced to the disk, then renamed."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a crash at any moment leaves the old file or the new one, whole.

    The temporary file, next to `path`, has a fixed name. The next write thus overwrites what a killed process left, but
    two processes must not write the same `path` at once. Raises `OSError` when the disk is full, or when the folder is
    missing or read-only; the old file is then unchanged.
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
    """Sync the finished file `beside` to the disk, and rename it to `path`, replacing any file there.

    Both paths must be on one file system. Afterwards, the file survives a crash under its new name. Raises `OSError`
    when it cannot be synced or renamed.
    """
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Sync `folder` to the disk, so that a rename within it survives a crash; do nothing on Windows."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
