"""Find the files of a data set of the catalogue, in a folder, in the user's cache or on its mirrors.

The SHA-256 of each file is checked on every load, wherever the file was found.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lenet.data.catalogue import Entry, File
from lenet.data.download import Progress, download
from lenet.data.idx import read_content
from lenet.errors import InputError
from lenet.files import lock, move_into_place, user_cache

WORKSHOP = ".partial-"  # the prefix of the folders within the cache for files that are not yet whole
WAYS_OUT = (
    "pass --data-dir FOLDER, let the variable LENET_DATA name a folder that holds it, "
    "or use the data set 'digits', which needs no download"
)

Contents = dict[str, bytearray]


def obtain(
    name: str, entry: Entry, *, data_dir: Path | str | None = None, progress: Progress | None = None
) -> Contents:
    """Return the verified, decompressed content of every file of `entry`, by file name.

    If `data_dir` is given, the files must be there. Otherwise they are taken from the folder that the environment
    variable `LENET_DATA` names, if it holds all of them, or else from the user's cache, to which absent and damaged
    files are downloaded; `progress` makes a bar for each download. In `data_dir` and in the folder of `LENET_DATA`, the
    files are plain or gzipped, and lie in the folder itself or in its sub-folder `name`. Raises `InputError` when
    `data_dir` lacks a file, when a file in one of these two folders cannot be read or is not the published one, or when
    a file is neither in the cache nor on a mirror.
    """
    if data_dir is not None:
        found = _find(Path(data_dir), name, entry)
        if found is None:
            wanted = ", ".join(f"{file}[.gz]" for file in entry.files)
            raise InputError(f"{data_dir} does not hold {name}: expected {wanted} there or in its sub-folder {name}")
        return _read_all(found, entry)
    named = os.environ.get("LENET_DATA")
    found = _find(Path(named).expanduser(), name, entry) if named else None
    return _read_all(found, entry) if found else from_cache(user_cache() / name, name, entry, progress)


def from_cache(folder: Path, name: str, entry: Entry, progress: Progress | None = None) -> Contents:
    """Return the content of every file of `entry` from the cache `folder`, and download what is absent or damaged.

    Any number of processes may call this at once, and each may be killed at any time. `progress` makes a bar for each
    download. Raises `InputError`, which names the data set `name`, when a file cannot be downloaded or stored.
    """
    with suppress(InputError):  # a file is absent or damaged
        if not any(folder.glob(f"{WORKSHOP}*")):
            return _read_all({file: folder / file for file in entry.files}, entry)
    try:
        with _workshop(folder) as workshop:
            return {file: _cached_or_fetched(folder / file, workshop, entry, progress) for file in entry.files}
    except (InputError, OSError) as error:
        raise InputError(
            f"{name} is not in the cache {folder} and cannot be downloaded ({error}): {WAYS_OUT}"
        ) from error


def _find(folder: Path, name: str, entry: Entry) -> dict[str, Path] | None:
    """Return the path of each file of `entry` in `folder` or in its sub-folder `name`; None if a file is missing."""
    found = {}
    for file in entry.files:
        places = [place / f"{file}{ending}" for place in (folder / name, folder) for ending in ("", ".gz")]
        present = [path for path in places if os.path.isfile(path)]
        if not present:
            return None
        found[file] = present[0]
    return found


def _read_all(paths: dict[str, Path], entry: Entry) -> Contents:
    return {file: _read(path, entry.files[file]) for file, path in paths.items()}


def _read(path: Path, expected: File) -> bytearray:
    return verify(read_content(path, limit=expected.size), expected, path)


def verify(content: bytearray, expected: File, name: Path | str) -> bytearray:
    """Return `content` if its SHA-256 is the `expected` one; raise an `InputError`, which calls it `name`, if not."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected.sha256:
        raise InputError(
            f"{name} is not the published file: its content has the SHA-256 {found}, not {expected.sha256}"
        )
    return content


def _cached_or_fetched(path: Path, workshop: Path, entry: Entry, progress: Progress | None) -> bytearray:
    expected = entry.files[path.name]
    with suppress(InputError):  # the file is absent or damaged
        return _read(path, expected)
    reason = "it has no mirrors"
    for mirror in entry.mirrors:
        try:
            download(f"{mirror}{path.name}.gz", workshop / path.name, expected, progress)
            move_into_place(workshop / path.name, path)
            return _read(path, expected)
        except Exception as error:  # whatever is wrong with one mirror, the next may be right
            reason = f"{mirror}: {textwrap.shorten(str(error), 160, placeholder=' ...')}"
    raise InputError(reason)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder within the cache `folder`, for files that are not yet whole.

    While we hold the lock, any such folder already there was left by a killed process and is deleted. If `folder`
    cannot be locked, leftovers stay. The files are safe either way, since each is renamed into place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder) as alone:
        for leftover in folder.glob(f"{WORKSHOP}*") if alone else ():
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=WORKSHOP, dir=folder) as workshop:
            yield Path(workshop)
