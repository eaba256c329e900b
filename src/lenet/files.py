"""Files that are whole or absent: each is written next to its destination, synced to the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def user_cache() -> Path:
    """Return the folder for lenet's files in the user's cache; it may not exist yet."""
    from platformdirs import user_cache_path

    return user_cache_path("lenet")


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`; a crash at any moment leaves `path` as it was, or with all of the new content.

    The temporary file, next to `path`, has a fixed name. The next write thus overwrites what a killed process left, but
    nothing else must write the same `path` at the same time. Raises `OSError` when the disk is full, or when the folder
    is missing or read-only; an old file is then unchanged.
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

    Both paths must be on one file system. Except on Windows, the file then survives a crash under its new name. Raises
    `OSError` when the file cannot be synced or renamed.
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


@contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """Wait for the lock on `folder` and yield True, or yield False at once if `folder` cannot be locked.

    The folder itself is locked, so no lock file is left.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        locked = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # some network file systems have none
            locked = False
        yield locked
    finally:
        os.close(descriptor)
