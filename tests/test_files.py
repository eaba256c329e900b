"""Files are whole or absent, whichever step of writing fails.

pytest tests/test_files.py
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from lenet.files import move_into_place, write_atomically

OLD, NEW = b"the old content", b"the new content, which is longer"
FAILURES = [errno.ENOSPC, errno.EACCES, errno.EIO]


class Faulty:
    """A file whose method `way` fails with the error `number`."""

    def __init__(self, file: Any, way: str, number: int) -> None:
        self._file, self._way, self._number = file, way, number

    def __enter__(self) -> Faulty:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        if self._way == "close" and error is None:
            raise OSError(self._number, os.strerror(self._number))

    def __getattr__(self, name: str) -> Any:
        return _failing(self._number) if name == self._way else getattr(self._file, name)

    def write(self, content: bytes) -> None:
        if self._way == "write":
            self._file.write(content[: len(content) // 2])  # a disk that fills up takes some of it
            raise OSError(self._number, os.strerror(self._number))
        self._file.write(content)


def _failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def break_step(monkeypatch: pytest.MonkeyPatch, step: str, number: int) -> None:
    if step in ("write", "flush", "close"):
        real = Path.open
        monkeypatch.setattr(Path, "open", lambda path, *rest, **named: Faulty(real(path, *rest, **named), step, number))
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", _failing(number))
    else:
        monkeypatch.setattr(Path, step, _failing(number))


@pytest.fixture(params=[False, True], ids=["new", "over an old one"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    if request.param:
        path.write_bytes(OLD)
    return path


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_writes(target: Path) -> None:
    write_atomically(target, NEW)
    assert listing(target.parent) == {target.name: NEW}


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize("step", ["open", "write", "flush", "fsync", "close", "replace"])
def test_a_step_that_fails(monkeypatch: pytest.MonkeyPatch, target: Path, step: str, number: int) -> None:
    before = listing(target.parent)
    with monkeypatch.context() as broken:
        break_step(broken, step, number)
        with pytest.raises(OSError, match=os.strerror(number)) as raised:
            write_atomically(target, NEW)
    assert raised.value.errno == number
    assert listing(target.parent) == before
    write_atomically(target, NEW)  # there is room again
    assert listing(target.parent) == {target.name: NEW}


def test_ctrl_c_while_writing(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    before = listing(target.parent)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, NEW)
    assert listing(target.parent) == before


def test_what_a_kill_left_is_overwritten(target: Path) -> None:
    target.with_name(f".{target.name}.part").write_bytes(b"half of something, and longer than what comes after it")
    write_atomically(target, NEW)
    assert listing(target.parent) == {target.name: NEW}


def test_the_name_is_made_durable_after_the_content(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """The content reaches the disk before the file is renamed, and the folder's entry after that."""
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "content")
        fsync(descriptor)

    def watched_replace(path: Path, to: Path) -> Path:
        steps.append("rename")
        return replace(path, to)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    write_atomically(target, NEW)
    assert steps == ["content", "rename", "folder"]
    steps.clear()
    (target.parent / "beside").write_bytes(OLD)
    move_into_place(target.parent / "beside", target)
    assert steps == ["content", "rename", "folder"]
    assert listing(target.parent) == {target.name: OLD}


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_move_that_fails_leaves_both(monkeypatch: pytest.MonkeyPatch, target: Path, step: str) -> None:
    (target.parent / "beside").write_bytes(NEW)
    before = listing(target.parent)
    with monkeypatch.context() as broken:
        break_step(broken, step, errno.ENOSPC)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            move_into_place(target.parent / "beside", target)
    assert listing(target.parent) == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "model.safetensors", NEW)
    assert not list(tmp_path.iterdir())
