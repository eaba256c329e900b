"""`lenet cache` shows and deletes the compiled kernels that are kept.

pytest tests/cli/test_cache.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lenet.engines.halide.kept import VARIABLE, Entry, Library

Lenet = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kernels"))
    for name in ("one", "two"):
        Entry(tmp_path / "kernels", name).find_or_make(lambda: Library(bytes(500_000), []))
    return tmp_path / "kernels"


def test_it_counts(lenet: Lenet, store: Path) -> None:
    assert lenet("cache") == f"{store}: 2 compiled pipelines, 1.0 MB\n"
    said = json.loads(lenet("cache", "--json"))
    assert (said["folder"], said["pipelines"]) == (str(store), 2)
    assert 1_000_000 < said["bytes"] < 1_001_000


def test_it_deletes(lenet: Lenet, store: Path) -> None:
    assert lenet("cache", "--empty") == f"{store}: 0 compiled pipelines, 0.0 MB\n"
    assert not list(store.iterdir())


def test_nothing_is_kept(lenet: Lenet, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    assert lenet("cache", "--empty") == "nothing is kept, because LENET_KERNELS turns it off\n"
    assert len(list(store.iterdir())) == 2
    assert json.loads(lenet("cache", "--json")) == {"folder": None, "pipelines": 0, "bytes": 0}


def test_there_is_no_store_yet(lenet: Lenet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    assert lenet("cache", "--empty") == f"{tmp_path / 'none'}: 0 compiled pipelines, 0.0 MB\n"
