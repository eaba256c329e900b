"""`lenet train` says what it does, leaves a run folder, and can be stopped and resumed.

pytest tests/cli/test_train.py
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import lenet as api
from lenet.cli.main import main
from lenet.cli.show import Screen
from lenet.data.augment import Augmentation
from lenet.inference.evaluate import Score
from lenet.models.architecture import Architecture
from lenet.training.epoch import EpochSummary
from lenet.training.recipes import RECIPES
from lenet.training.run import Run
from tests.cli.waiting import without_waiting

Lenet = Callable[..., str]

FILES = [
    "MODEL_CARD.md", "confusion.png", "curves.png", "environment.json", "last.safetensors", "metrics.csv",
    "mistakes.png", "model.safetensors", "recipe.json", "report.json", "split.json",
]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def report_of(run: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((run / "report.json").read_text())
    return report


def test_all_that_is_said(training: tuple[Path, str], pictures: Path, cpu_engine: str) -> None:
    """A pipe gets plain lines: a row for each epoch, and what to do next."""
    run, said = training
    test = report_of(run)["test"]
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    expected = [
        f"digits: 363 parameters learn from 57 pictures of {pictures}, 15 held out; {cpu_engine} engine on cpu, seed 0",
        "epoch train loss train error valid. loss valid. error  images/s",
    ]
    for row in rows:
        cells = [row["epoch"]]
        for split in ("train", "validation"):
            cells += [f"{float(row[f'{split}_loss']):.4f}", f"{float(row[f'{split}_error']):.2f} %"]
        cells.append(f"{int(row['images_per_second']):,}")
        expected.append("".join(cell.rjust(width) for cell, width in zip(cells, (5, 11, 12, 12, 13, 10), strict=True)))
    expected += [
        f"test error {100 * test['misses'] / 18:.2f} %: {test['misses']} misses of 18 pictures never seen before",
        f"{run}: model.safetensors, MODEL_CARD.md, curves.png, confusion.png, mistakes.png",
        f"next: lenet predict {run} PICTURE...",
    ]
    assert len(rows) == 25
    assert said.splitlines()[0] == f"digits: loading {pictures} and torch"
    lines = [line for line in without_waiting(said) if not line.startswith("torch engine on cpu because ")]
    assert lines.pop(1).split() == expected.pop(1).split()
    assert lines == expected


def test_it_learns(trained: Path) -> None:
    report = report_of(trained)
    assert report["test"]["accuracy"] >= 0.8
    assert report["train"]["loss"] < 0.7


def test_the_run_folder(trained: Path, pictures: Path, cpu_engine: str) -> None:
    run = trained
    assert sorted(path.name for path in run.iterdir()) == FILES
    network = Architecture(input_size=8, maps=(4,), kernels=(3,), hidden=(8,))
    asked = replace(
        RECIPES["digits"], data=str(pictures), network=network, epochs=25, rate=0.03, validation=0.2,
        augmentation=Augmentation(), method=replace(RECIPES["digits"].method, batch=16),
    )  # fmt: skip
    settings = Run.open(run).settings
    assert (settings.name, settings.recipe) == ("digits", asked)
    (environment,) = json.loads((run / "environment.json").read_text())
    data = api.load_dataset(str(pictures))
    assert environment["data"] == {"name": str(pictures), "sha256": dict(data.sources)}
    assert (environment["device"], environment["engine"]) == ("cpu", cpu_engine)
    assert environment["packages"].keys() >= {"lenet", "torch", "numpy"}
    held_out = data.hold_out(0.2, seed=0).held_out
    assert held_out is not None
    assert json.loads((run / "split.json").read_text()) == {
        "validation": 0.2, "seed": 0, "held_out": held_out.tolist(),
    }  # fmt: skip
    for name in ("curves.png", "confusion.png", "mistakes.png"):
        with Image.open(run / name) as picture:
            assert picture.format == "PNG"
            assert np.asarray(picture.convert("L")).std() > 1


def test_the_same_again_and_nothing_overwritten(
    capsys: pytest.CaptureFixture[str], small: list[str], no_pictures: None
) -> None:
    """The same command twice makes two folders and one network. With --json, stdout has one line, stderr the rest."""
    assert main(["train", *small, "--epochs", "2", "--json"]) == 0
    first, before = capsys.readouterr(), contents(Path("runs/digits-1"))
    assert main(["train", "digits", *small, "--epochs", "2", "--json"]) == 0
    second = capsys.readouterr()
    assert contents(Path("runs/digits-1")) == before
    assert sorted(path.name for path in Path("runs").iterdir()) == ["digits-1", "digits-2"]
    networks = [api.load(f"runs/digits-{number}").state_dict() for number in (1, 2)]
    assert all(tensor.equal(networks[1][name]) for name, tensor in networks[0].items())
    for said, run in ((first, "runs/digits-1"), (second, "runs/digits-2")):
        assert said.out.count("\n") == 1
        report = json.loads(said.out)
        assert report == report_of(Path(run))
        assert report["run"] == run
        assert "test error" in said.err
    assert list(json.loads(first.out)) == [
        "recipe", "engine", "device", "run", "epochs", "seconds", "images_per_second", "train", "validation", "test",
    ]  # fmt: skip
    scores = ("train", "validation", "test")
    assert [json.loads(first.out)[name] for name in scores] == [json.loads(second.out)[name] for name in scores]


def test_without_validation_and_with_another_seed(
    lenet: Lenet, small: list[str], no_pictures: None, cpu_engine: str
) -> None:
    said = without_waiting(
        lenet("train", *small, "--epochs", "2", "--validation", "0", "--seed", "7", "--out", "mine/first")
    )
    assert "learn from 72 pictures" in said[0]
    assert said[0].endswith(f"{cpu_engine} engine on cpu, seed 7")
    assert [line.split()[3:6] for line in said[2:4]] == [["%", "–", "–"]] * 2
    assert report_of(Path("mine/first"))["validation"] is None
    assert not Path("runs").exists()


def test_ctrl_c_saves_and_resume_finishes(
    capsys: pytest.CaptureFixture[str], small: list[str], no_pictures: None
) -> None:
    """The command runs in a process, because only a process can be sent a signal."""
    command = [sys.executable, "-m", "lenet", "train", *small, "--epochs", "60"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.split()[:1] == ["1"]:  # the first epoch is done
                process.send_signal(signal.SIGINT)
                break
        *_, last = process.stdout.read().splitlines()
        assert (process.wait(), process.stderr.read()) == (130, "")
    step = int(last.removeprefix("stopped and saved after step ").split(";")[0])
    assert last == f"stopped and saved after step {step}; resume with: lenet train --resume runs/digits-1"
    assert 4 <= step < 240
    begun = Path("runs/digits-1")
    assert not (begun / "report.json").exists()
    history = (begun / "metrics.csv").read_text()
    assert api.load(begun).spec.classes == ("column", "diagonal", "row")

    assert main(["train", "--resume", "runs/digits-1", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == report_of(begun)
    assert json.loads(said.out)["epochs"] == 60
    assert (begun / "metrics.csv").read_text().startswith(history)
    shown = [line.split()[0] for line in said.err.splitlines() if line[:5].strip().isdecimal()]
    assert shown == [str(epoch) for epoch in range(1, 61)]


def test_a_second_ctrl_c_does_not_wait() -> None:
    from lenet.cli.watch import interruptible

    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs start out ignoring it
    before = signal.getsignal(signal.SIGINT)
    try:
        with interruptible() as interrupted:
            assert not interrupted()
            signal.raise_signal(signal.SIGINT)
            assert interrupted()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, inherited)


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows a bar over the steps, and above the bar a table that grows."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    with screen.epochs(8) as show:
        show(1, 6)
        screen.row(EpochSummary(1, Score(0.5, 1, 4), None, 0.1, 1.0))
        show(2, 3)
    said = capsys.readouterr().out
    assert "epoch" in said
    assert "3/8" in said
    assert said.index("25.00 %") < said.index("3/8")


def test_a_resumed_run_finds_its_data_and_device_again(
    lenet: Lenet, small: list[str], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpu_engine: str
) -> None:
    """It is resumed from another folder, and without the flags that it was begun with."""
    monkeypatch.chdir(pictures.parent)
    asked = ["--data", pictures.name, *small[2:], "--device", "cpu", "--data-dir", ".", "--epochs", 1]
    lenet("train", *asked, "--out", tmp_path / "run")
    (tmp_path / "run" / "report.json").unlink()
    monkeypatch.chdir(tmp_path)
    assert "misses" in lenet("train", "--resume", "run")
    how = json.loads((tmp_path / "run" / "recipe.json").read_text())["how"]
    assert how == {"engine": cpu_engine, "device": "cpu", "data_dir": str(pictures.parent)}
    assert "misses" in lenet("evaluate", "run")
