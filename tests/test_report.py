"""The report of a run: its scores are those of the network that is kept, and it is written last.

pytest tests/see/test_report.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lenet import report as module
from lenet.data import Dataset, Split
from lenet.engines.losses import Criterion
from lenet.models import Architecture, Network
from lenet.report import write_report
from lenet.training.evaluate import Evaluation, evaluate
from lenet.training.fit import Training, hold_out
from lenet.training.recipe import Recipe
from lenet.training.run import Run

FILES = {"curves.png", "confusion.png", "mistakes.png", "MODEL_CARD.md", "report.json", "recipe.json"}
SMALLEST = Architecture(input_size=8, maps=(1,), kernels=(3,), hidden=())
ABOUT = {"recipe": "small", "engine": "torch", "device": "cpu"}


@pytest.fixture(scope="module")
def trained(small_data: Dataset, small_recipe: Recipe) -> Training:
    training = Training(small_recipe, hold_out(small_recipe, small_data), device="cpu")
    list(training.epochs(lambda: False))
    return training


def write(folder: Path, training: Training) -> dict[str, Any]:
    run = Run.create(folder, training.recipe, "small")
    return write_report(
        run, training.recipe, training.dataset, training.kept_network(), training.progress.history, ABOUT
    )


@pytest.fixture(scope="module")
def written(trained: Training, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run folder with its report, and what `write_report` gave."""
    folder = tmp_path_factory.mktemp("report") / "run"
    return folder, write(folder, trained)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is what takes the time, and tests of other things need none."""
    monkeypatch.setattr(module, "save", lambda made, path: path.write_bytes(b""))
    monkeypatch.setattr(module, "mistakes", lambda *_: None)


def test_scores_are_the_kept_network_s(written: tuple[Path, dict[str, Any]], trained: Training) -> None:
    folder, report = written
    data, network, history = trained.dataset, trained.kept_network(), trained.progress.history
    assert data.validation is not None
    assert report["test"] == evaluate(network, data.test).as_dict()
    assert report["validation"] == evaluate(network, data.validation).as_dict()
    assert report["train"] == history[-1].train.as_dict()
    assert report["epochs"] == 3
    seconds = sum(record.seconds for record in history)
    assert report["seconds"] == pytest.approx(seconds, abs=1e-3)
    assert report["images_per_second"] == pytest.approx(3 * len(data.train) / seconds, rel=1e-3)
    assert {name: report[name] for name in ABOUT} == ABOUT
    assert report["run"] == str(folder)


def test_report_is_on_the_disk(written: tuple[Path, dict[str, Any]]) -> None:
    folder, report = written
    assert json.loads((folder / "report.json").read_text()) == report
    assert {path.name for path in folder.iterdir()} == FILES


def test_card_says_what_matters(written: tuple[Path, dict[str, Any]], trained: Training) -> None:
    folder, report = written
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    misses = report["test"]["misses"]
    assert card.startswith("# A LeNet trained on stripes\n")
    assert f"**{100 * misses / 90:.2f} %**, {misses} misses of 90 |" in card
    parameters = sum(parameter.numel() for parameter in trained.kept_network().parameters())
    assert f"| network | c1, s2, c3, output: {parameters} trainable parameters |" in card
    assert "| kept | the best epoch;" in card
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if " | 30 | " in line]
    assert [(name, count) for name, count, _ in rows] == [("row", "30"), ("column", "30"), ("diagonal", "30")]
    assert sum(int(missed) for *_, missed in rows) == misses


@pytest.mark.usefixtures("no_pictures")
def test_without_validation(tmp_path: Path, small_data: Dataset) -> None:
    training = Training(Recipe(network=SMALLEST, epochs=1, batch=64), small_data, device="cpu")
    list(training.epochs(lambda: False))
    assert write(tmp_path / "run", training)["validation"] is None


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("step", ["curves", "confusion", "mistakes", "save", "_card"])
def test_no_report_without_all_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Training, step: str
) -> None:
    """report.json says that a run is finished: a failure before leaves none."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module, step, fail)
    with pytest.raises(OSError, match="no space left"):
        write(tmp_path / "run", trained)
    assert not (tmp_path / "run" / "report.json").exists()


@pytest.mark.usefixtures("no_pictures")
def test_the_test_pictures_are_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Training) -> None:
    asked: list[Split] = []

    def watched(network: Network, split: Split, *, loss: Criterion) -> Evaluation:
        asked.append(split)
        return evaluate(network, split, loss=loss)

    monkeypatch.setattr(module, "evaluate", watched)
    write(tmp_path / "run", trained)
    assert asked == [trained.dataset.test, trained.dataset.validation]
