"""The Gluon tutorial's code trains in another interpreter; its figures are written down, or a sentence says why not.

If BENCH_MXNET_PYTHON is set, two epochs run on MXNet itself as well.

pytest tests/test_reproduce_gluon_mxnet.py
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lenet.data import load_dataset
from reproduce import gluon_mxnet, results

MXNET = os.environ.get(gluon_mxnet.VARIABLE)
PAGE = Path(__file__).parent.parent / "docs" / "tutorials.md"
FAKE = """
import json, sys
from pathlib import Path
import numpy as np
_, module, folder, seed, epochs = sys.argv[1:]
assert (module, seed) == ("reproduce.gluon_mxnet_worker", "1")
train, test = (np.load(Path(folder, name)) for name in ("train.npz", "test.npz"))
assert train["images"].shape == (*train["labels"].shape, 1, 28, 28) and train["images"].dtype == np.uint8
print(json.dumps({"mxnet": "1.9.1"}), flush=True)
for epoch in range(int(epochs)):
    if epoch == ENDS_AFTER:
        sys.exit(3)
    hits = len(test["labels"]) * (epoch + 1) // 12
    print(json.dumps({"loss": 1 / (epoch + 1), "hits": hits, "seconds": 0.5}), flush=True)
"""

Start = Callable[[], dict[str, Any]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Return a function that runs the command on the embedded digits and returns what it wrote."""
    digits = load_dataset("digits")
    monkeypatch.setattr(gluon_mxnet, "load_dataset", lambda name: digits)
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(sys, "argv", ["gluon_mxnet"])

    def run() -> dict[str, Any]:
        gluon_mxnet.main()
        return results.read_results("gluon-mxnet")

    return run


def name_fake(monkeypatch: pytest.MonkeyPatch, folder: Path, ends_after: int = -1) -> Path:
    """Put a script in place of the interpreter, and return its path; it speaks as the worker does."""
    script, python = folder / "fake.py", folder / "python"
    script.write_text(FAKE.replace("ENDS_AFTER", str(ends_after)))
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv(gluon_mxnet.VARIABLE, str(python))
    return python


def refusal(start: Start, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command says on stderr when it refuses with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("named", [None, ""])
def test_refuses_in_a_sentence_without_an_interpreter(
    named: str | None, start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_MXNET_PYTHON", named or "")
    if named is None:
        monkeypatch.delenv("BENCH_MXNET_PYTHON")
    sentence = "BENCH_MXNET_PYTHON is not set: expected the path of a Python interpreter that has MXNet\n"
    assert refusal(start, capsys) == sentence
    assert not results.RESULTS.exists()


def test_refuses_in_a_sentence_what_does_not_start(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BENCH_MXNET_PYTHON", str(tmp_path / "none"))
    said = refusal(start, capsys)
    assert said == f"BENCH_MXNET_PYTHON is '{tmp_path / 'none'}', which does not start: No such file or directory\n"


def test_writes_what_the_other_interpreter_says(start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name_fake(monkeypatch, tmp_path)
    monkeypatch.setattr(gluon_mxnet, "EPOCHS", 6)
    found = start()
    assert found.pop("machine")["cores"] == os.cpu_count()
    assert found == {
        "command": "python -m reproduce.gluon_mxnet",
        "versions": {"mxnet": "1.9.1"},
        "seed": 1,
        "epochs": 6,
        "seconds": 3.0,
        "test_accuracy_highest": 50.0,
        "test_accuracy_last_five": 33.333,
        "train_loss": [1.0, 0.5, 0.33333, 0.25, 0.2, 0.16667],
        "test_accuracy": [8.333, 16.667, 25.0, 33.333, 41.667, 50.0],
    }


def test_epochs_before_a_failure_are_kept(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    python = name_fake(monkeypatch, tmp_path, ends_after=2)
    assert refusal(start, capsys) == f"the training by BENCH_MXNET_PYTHON, '{python}', ended with status 3\n"
    assert results.read_results("gluon-mxnet")["train_loss"] == [1.0, 0.5]


@pytest.mark.skipif(not MXNET, reason="BENCH_MXNET_PYTHON names no interpreter that has MXNet")
def test_the_tutorials_code_learns_digits(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gluon_mxnet, "EPOCHS", 2)
    found = start()
    assert set(found["versions"]) == {"python", "mxnet", "numpy"}
    first, second = found["train_loss"]
    assert second < first < 2.4
    assert start()["train_loss"] == found["train_loss"]


def test_the_page_says_what_was_measured() -> None:
    text = PAGE.read_text(encoding="utf-8")
    results = json.loads((PAGE.parent / "results" / "gluon-mxnet.json").read_text())
    assert results["epochs"] == gluon_mxnet.EPOCHS
    for figure in (results["test_accuracy"][-1], results["test_accuracy_last_five"], results["test_accuracy_highest"]):
        assert f"{figure:.2f} %" in text, figure
    assert f"| {results['train_loss'][-1]:.3f} |" in text
