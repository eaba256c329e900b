"""What all pipelines share is compiled in a process of its own, once, and kept for whoever needs it.

pytest tests/engines/test_beforehand.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lenet.engines.halide import beforehand, kept, runtime
from lenet.engines.halide.kept import entries
from lenet.engines.halide.link import find_linker

pytestmark = pytest.mark.skipif(not find_linker(), reason="there is no linker here")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The modules that are started from now on; none of them runs. The store is empty."""
    found: list[str] = []
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "kernels"))
    monkeypatch.setattr(beforehand, "_start", lambda module, **asked: found.append(module))
    beforehand.compile_runtime_beforehand.cache_clear()
    return found


def test_the_runtime_is_compiled_once(started: list[str]) -> None:
    """A store that keeps nothing does not make every call compile it."""
    beforehand.compile_runtime_beforehand()
    beforehand.compile_runtime_beforehand()
    assert started == ["lenet.engines.halide.runtime"]


def test_a_runtime_that_is_kept_is_not_compiled(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "is_runtime_kept", lambda: True)
    beforehand.compile_runtime_beforehand()
    assert not started


def test_no_runtime_is_compiled_where_nothing_is_kept(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kept.VARIABLE, "off")
    beforehand.compile_runtime_beforehand()
    assert not started


def test_the_process_keeps_what_all_pipelines_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = tmp_path / "kernels"
    monkeypatch.setenv(kept.VARIABLE, str(store))
    assert not runtime.is_runtime_kept()
    command = [sys.executable, "-W", "error", "-m", "lenet.engines.halide.runtime"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(entries(store)) == 1
    assert runtime.is_runtime_kept()
