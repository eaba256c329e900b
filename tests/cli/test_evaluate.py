"""`lenet evaluate` says what the library gives.

pytest tests/cli/test_evaluate.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import lenet as api
from lenet.cli.main import main
from lenet.tensors import read_tensors

Lenet = Callable[..., str]


@pytest.mark.parametrize("with_data", [False, True])
def test_what_it_says(lenet: Lenet, trained: Path, pictures: Path, with_data: bool) -> None:
    expected = api.evaluate(api.load(trained), api.load_dataset(str(pictures)).test)
    arguments = ["evaluate", str(trained), *([str(pictures)] if with_data else [])]
    assert lenet(*arguments) == (
        f"{pictures}: error {expected.error:.2f} %, {expected.misses} misses of 18 test pictures, "
        f"loss {expected.loss:.4f}\n"
    )


def test_the_report_s_scores_for_programs(capsys: pytest.CaptureFixture[str], trained: Path) -> None:
    assert main(["evaluate", str(trained), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == json.loads((trained / "report.json").read_text())["test"]
    assert "misses of 18 test pictures" in said.err


def test_a_weight_file_alone_is_enough(lenet: Lenet, trained: Path, tmp_path: Path) -> None:
    shutil.copy(trained / "model.safetensors", tmp_path / "mine.safetensors")
    assert lenet("evaluate", "mine.safetensors") == lenet("evaluate", trained)


def test_the_weight_file_is_read_once(lenet: Lenet, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def read(path: Path) -> object:
        reads.append(path)
        return read_tensors(path)

    monkeypatch.setattr("lenet.models.weights.read_tensors", read)
    lenet("evaluate", trained)
    assert reads == [trained / "model.safetensors"]


def test_either_engine(lenet: Lenet, trained: Path, cpu_engine: str) -> None:
    said = {engine: lenet("evaluate", trained, "--engine", engine) for engine in ("auto", "torch", cpu_engine)}
    assert said["torch"].partition(", loss")[0] == said[cpu_engine].partition(", loss")[0]
    assert said["auto"] == said["torch"], "for so few pictures no kernels are compiled"
