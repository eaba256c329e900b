"""The store of compiled kernels in the user's cache: one file for each entry, loaded only if it is intact and ours.

An entry is a shared library, then a record of its key, the length of the record, and the SHA-256 of all that. A key is
a text that names everything that the code depends on; its digest is the name of the entry's folder.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from lenet.errors import InputError
from lenet.files import lock, user_cache, write_atomically

VARIABLE = "LENET_KERNELS"  # the environment variable that names another folder, or turns the store off
OFF = ("off", "0", "no", "false", "none")
LIMIT = 64 * 1024 * 1024  # bytes in all entries; the least recently used go first
NAME = re.compile("[0-9a-f]{64}")  # that of an entry's folder
LIBRARY = "kernel.so"
DIGEST, LENGTH = sha256().digest_size, 4  # bytes at the end of an entry: its SHA-256, and before it the record's length


def store() -> Path | None:
    """Return the folder of the store, which may not exist yet; None if it is turned off or the user has no home.

    Raises `InputError` if the variable holds neither an absolute path nor a word for off.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() in OFF:
        return None
    if not named:
        folder = user_cache() / "kernels"
        return folder if folder.is_absolute() else None
    with suppress(RuntimeError):  # it begins with the home of a user who has none
        folder = Path(named).expanduser()
        if folder.is_absolute():
            return folder
    raise InputError(f"the variable {VARIABLE} is '{named}': expected the absolute path of a folder, or off")


def is_usable(folder: Path) -> bool:
    """Make the store `folder` if it does not exist; return True if it belongs to this user alone."""
    try:
        _make_private(folder)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class Library:
    """A shared library: its `content`, and the types of its function's `arguments` (buffer, int or float)."""

    content: bytes
    arguments: list[str]


@dataclass(frozen=True)
class Entry:
    """The entry with the key `key` in the store `folder`, whether it exists or not."""

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        return self.folder / sha256(self.key.encode()).hexdigest() / LIBRARY

    def find(self) -> Library | None:
        """Return the library if it is intact, has this key, and belongs to this user alone; otherwise None."""
        try:
            for path in (self.folder, self.path.parent, self.path):
                _check_owner(path)
            content, record = _opened(self.path.read_bytes())
            with suppress(OSError):  # a store that is read-only
                os.utime(self.path)  # it was used last now
        except (OSError, ValueError):
            return None
        return Library(content, record["arguments"]) if record["key"] == self.key else None

    def find_or_make(self, make: Callable[[], Library]) -> Library:
        """Return the library; if there is none, write and return the one that `make` returns.

        If several processes ask for one entry at once, one of them makes it and the others wait, provided that its
        folder can be locked. Raises `OSError` if one of its folders cannot be made, is a symbolic link, belongs to
        another user, or can be written to by others.
        """
        return self.find() or self._make(make)

    def _make(self, make: Callable[[], Library]) -> Library:
        for folder in (self.folder, self.path.parent):
            _make_private(folder)
        with lock(self.path.parent):
            found = self.find()  # another process may have made it meanwhile
            if found:
                return found
            library = make()
            record = {"key": self.key, "arguments": library.arguments}
            with suppress(OSError):  # a full disk: the library still serves this process
                write_atomically(self.path, _sealed(library.content, record))
                self.path.chmod(0o600)
        trim(self.folder, LIMIT)
        return library


def entries(folder: Path) -> list[Path]:
    """Return the folders of all entries of the store `folder`, the least recently used first.

    Whatever else is in there is left alone.
    """

    def used(entry: Path) -> float:
        for path in (entry / LIBRARY, entry):  # an entry that is being made has no library yet
            with suppress(OSError):
                return path.stat().st_mtime
        return 0.0

    return sorted((entry for entry in folder.glob("*") if NAME.fullmatch(entry.name) and entry.is_dir()), key=used)


def size(entry: Path) -> int:
    """Return the number of bytes in the folder `entry`; a file that is deleted meanwhile counts as 0."""
    total = 0
    for file in entry.glob("*"):
        with suppress(OSError):
            total += file.stat().st_size
    return total


def trim(folder: Path, limit: int) -> None:
    """Delete the least recently used entries of the store `folder` until the others take at most `limit` bytes."""
    sizes = {entry: size(entry) for entry in entries(folder)}
    surplus = sum(sizes.values()) - limit
    for entry, taken in sizes.items():
        if surplus <= 0:
            return
        with suppress(OSError):
            for file in (entry / LIBRARY, entry / f".{LIBRARY}.part"):
                file.unlink(missing_ok=True)
            entry.rmdir()
        surplus -= taken


def _sealed(content: bytes, record: dict[str, Any]) -> bytes:
    """Return `content` with the `record` and the SHA-256 of both behind it."""
    text = json.dumps(record).encode()
    body = content + text + len(text).to_bytes(LENGTH, "big")
    return body + sha256(body).digest()


def _opened(sealed: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return what `_sealed` was given. Raises `ValueError` if `sealed` is damaged."""
    body, digest = sealed[:-DIGEST], sealed[-DIGEST:]
    if sha256(body).digest() != digest:
        raise ValueError("the entry is damaged")
    end = len(body) - LENGTH - int.from_bytes(body[-LENGTH:], "big")
    return body[:end], json.loads(body[end:-LENGTH])


def _make_private(folder: Path) -> None:
    """Make `folder` for this user alone. Raises `OSError` if it exists and others may have written to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_owner(folder)


def _check_owner(path: Path) -> None:
    """Raise `PermissionError` if `path` belongs to another user, or if another user can write to it."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} may have been written by another user")
