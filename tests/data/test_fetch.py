"""Files are found or fetched, also when mirrors fail and when some of many processes are killed.

pytest tests/data/test_fetch.py
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lenet.data import CATALOGUE
from lenet.data.catalogue import TEST, TRAIN, Entry
from lenet.data.fetch import WAYS_OUT, from_cache, obtain
from lenet.errors import InputError

if TYPE_CHECKING:
    from tests.data.conftest import Server

Contents = dict[str, bytes]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the user's cache into `tmp_path`, and name no data folder."""
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "lenet"


def fill(folder: Path, contents: Contents, *, packed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        path = folder / (f"{file}.gz" if packed else file)
        path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("place", [".", "squares"])
def test_a_data_folder_is_used(tmp_path: Path, entry: Entry, contents: Contents, packed: bool, place: str) -> None:
    fill(tmp_path / "data" / place, contents, packed=packed)
    assert obtain("squares", entry, data_dir=tmp_path / "data") == contents


def test_the_variable_names_a_data_folder(
    tmp_path: Path, entry: Entry, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "data", contents)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "data"))
    assert obtain("squares", entry) == contents


def test_a_folder_without_the_files(
    tmp_path: Path, own_cache: Path, entry: Entry, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `data_dir` it is an error; if LENET_DATA names it, the cache is tried next."""
    fill(own_cache / "squares", contents)
    fill(tmp_path / "data", {TRAIN[0]: contents[TRAIN[0]]})
    with pytest.raises(InputError, match=f"data does not hold squares: expected .*{TEST[1]}"):
        obtain("squares", entry, data_dir=tmp_path / "data")
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "data"))
    assert obtain("squares", entry) == contents


@pytest.mark.parametrize("place", ["data_dir", "variable"])
def test_a_wrong_file_in_a_data_folder_is_named(
    tmp_path: Path, entry: Entry, contents: Contents, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    changed = contents[TEST[1]][:-1] + b"\0"
    fill(tmp_path / "data", contents | {TEST[1]: changed})
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "data") if place == "variable" else "")
    with pytest.raises(
        InputError, match=f"{TEST[1]} is not the published file: .*SHA-256 .*{entry.files[TEST[1]].sha256}"
    ):
        obtain("squares", entry, data_dir=tmp_path / "data" if place == "data_dir" else None)


def test_what_was_downloaded_once_is_not_again(
    own_cache: Path, server: Server, entry: Entry, contents: Contents
) -> None:
    entry = replace(entry, mirrors=(server.mirror("good", contents),))
    assert obtain("squares", entry) == contents
    assert obtain("squares", entry) == contents
    assert server.requests == [f"/good/{file}.gz" for file in contents]
    assert {path.name: path.read_bytes() for path in (own_cache / "squares").iterdir()} == contents


def test_damage_in_the_cache_is_mended(own_cache: Path, server: Server, entry: Entry, contents: Contents) -> None:
    fill(own_cache / "squares", contents | {TEST[0]: contents[TEST[0]][:-1], TEST[1]: b""})
    (own_cache / "squares" / ".partial-killed").mkdir()
    entry = replace(entry, mirrors=(server.mirror("good", contents),))
    assert obtain("squares", entry) == contents
    assert server.requests == [f"/good/{file}.gz" for file in TEST]
    assert {path.name: path.read_bytes() for path in (own_cache / "squares").iterdir()} == contents


def test_a_leftover_beside_whole_files_goes(own_cache: Path, entry: Entry, contents: Contents) -> None:
    fill(own_cache / "squares", contents)
    fill(own_cache / "squares" / ".partial-killed", contents)
    assert obtain("squares", entry) == contents
    assert sorted(path.name for path in (own_cache / "squares").iterdir()) == sorted(contents)


def bad_answers(good: bytes) -> dict[str, bytes]:
    packed = gzip.compress(good)
    whole = b"200 OK\r\nContent-Length: %d\r\n\r\n"
    other = gzip.compress(good[:-1] + bytes([good[-1] ^ 1]))
    return {
        "absent": b"404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "forbidden": b"403 Forbidden\r\nContent-Length: 4\r\n\r\nsend",
        "failing": b"503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "empty": whole % 0,
        "a page": whole % 6 + b"<html>",
        "damaged": whole % len(packed) + packed[:-6] + b"\0" + packed[-5:],
        "cut short": whole % len(packed) + packed[:-4],
        "cut short unannounced": b"200 OK\r\n\r\n" + packed[:-4],
        "another content": whole % len(other) + other,
        "too much": whole % len(packed * 2) + packed * 2,
        "no http": b"\0\xff\0",
    }


@pytest.mark.parametrize("fault", bad_answers(b"\0").keys())
def test_a_mirror_that_fails_is_passed_over(
    own_cache: Path, server: Server, entry: Entry, contents: Contents, fault: str
) -> None:
    good = server.mirror("good", contents)
    for file, content in contents.items():
        server.answers[f"/bad/{file}.gz"] = bad_answers(content)[fault]
    bad = f"{server.address}bad/"
    assert from_cache(own_cache, "squares", replace(entry, mirrors=(bad, good))) == contents
    assert {path.name: path.read_bytes() for path in own_cache.iterdir()} == contents
    with pytest.raises(InputError, match=f"squares is not in the cache .*bad/.*{WAYS_OUT}") as caught:
        from_cache(own_cache / "new", "squares", replace(entry, mirrors=(bad,)))
    assert "\n" not in str(caught.value)
    assert list((own_cache / "new").iterdir()) == []


def test_a_mirror_that_is_not_there_is_passed_over(
    own_cache: Path, server: Server, entry: Entry, contents: Contents
) -> None:
    mirrors = ("http://127.0.0.1:9/", "nonsense:/", server.mirror("good", contents))
    assert from_cache(own_cache, "squares", replace(entry, mirrors=mirrors)) == contents


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path, entry: Entry) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be downloaded .*Not a directory.*--data-dir"):
        from_cache(tmp_path / "file" / "cache", "squares", entry)


def test_a_full_disk_leaves_nothing_behind(
    own_cache: Path, server: Server, entry: Entry, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("lenet.data.fetch.move_into_place", full)
    with pytest.raises(InputError, match="No space left on device"):
        from_cache(own_cache, "squares", replace(entry, mirrors=(server.mirror("good", contents),)))
    assert list(own_cache.iterdir()) == []


def test_without_locks_downloads_work_as_well(
    own_cache: Path, server: Server, entry: Entry, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unfinished work of another process is then left alone."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    (own_cache / ".partial-other").mkdir(parents=True)
    assert from_cache(own_cache, "squares", replace(entry, mirrors=(server.mirror("good", contents),))) == contents
    assert sorted(path.name for path in own_cache.iterdir()) == sorted([*contents, ".partial-other"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_many_processes_at_once_some_of_them_killed(
    tmp_path: Path, server: Server, entry: Entry, contents: Contents
) -> None:
    """In 20 rounds, 16 processes fetch into one empty cache, and half of them are killed at a random event."""
    mirror = server.mirror("good", contents)
    files = {file: (expected.sha256, expected.size) for file, expected in entry.files.items()}
    storm = Path(__file__).with_name("storm.py")
    order = json.dumps({"mirror": mirror, "files": files, "folder": str(tmp_path / "cache"), "rounds": 20})
    done = subprocess.run([sys.executable, str(storm), order], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["failed"] == 0
    assert report["killed"] >= 20
    for folder in (tmp_path / "cache").iterdir():
        assert from_cache(folder, "squares", entry) == contents
        assert sorted(path.name for path in folder.iterdir()) == sorted(contents)


def test_mirrors_are_https() -> None:
    for name, known in CATALOGUE.items():
        assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in known.mirrors)
        assert len(set(known.mirrors)) >= 2 or name in ("digits", "handwriting")
