"""The report of a run has the scores of the network that is kept, and it is written last.

pytest tests/report/test_write.py
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lenet.data import Dataset, Split
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.inference.evaluate import Evaluation, evaluate
from lenet.models.architecture import Architecture
from lenet.models.network import Network
from lenet.report import write as module
from lenet.report.draw import Painter
from lenet.report.write import write_report
from lenet.training.fit import Training
from lenet.training.recipe import Recipe
from lenet.training.run import Run

FILES = {"curves.png", "confusion.png", "mistakes.png", "MODEL_CARD.md", "report.json", "recipe.json"}
SMALLEST = Architecture(input_size=8, maps=(1,), kernels=(3,), hidden=())


def write(folder: Path, training: Training) -> dict[str, Any]:
    return write_report(Run.create(folder, training.recipe, "small"), training)


@pytest.fixture(scope="module")
def written(trained: Training, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run folder with its report, and the result of `write_report`."""
    folder = tmp_path_factory.mktemp("report") / "run"
    return folder, write(folder, trained)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the plots empty: drawing takes time, and these tests are about other things."""
    monkeypatch.setattr(module, "draw", lambda path, *_: path.write_bytes(b""))


def test_scores_are_the_kept_network_s(
    written: tuple[Path, dict[str, Any]], trained: Training, cpu_engine: str
) -> None:
    folder, report = written
    data, network, history = trained.dataset, trained.kept_network(), trained.progress.history
    assert data.validation is not None
    loss = make_loss(trained.recipe.method)
    assert report["test"] == evaluate(network, data.test, loss=loss).as_dict()
    assert report["validation"] == evaluate(network, data.validation, loss=loss).as_dict()
    assert report["train"] == history[-1].train.as_dict()
    assert report["epochs"] == 3
    seconds = sum(epoch.seconds for epoch in history)
    assert report["seconds"] == pytest.approx(seconds, abs=1e-3)
    assert report["images_per_second"] == pytest.approx(3 * len(data.train) / seconds, rel=1e-3)
    assert (report["recipe"], report["engine"], report["device"]) == ("small", cpu_engine, "cpu")
    assert report["run"] == str(folder)


def test_report_is_on_the_disk(written: tuple[Path, dict[str, Any]]) -> None:
    folder, report = written
    assert json.loads((folder / "report.json").read_text()) == report
    assert {path.name for path in folder.iterdir()} == FILES
    assert f"{report['test']['misses']} misses of 90" in (folder / "MODEL_CARD.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_pictures")
def test_without_validation(tmp_path: Path, small_data: Dataset) -> None:
    training = Training(Recipe(network=SMALLEST, method=Method(batch=64), epochs=1), small_data, device="cpu")
    list(training.epochs(lambda: False))
    assert write(tmp_path / "run", training)["validation"] is None


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("step", ["draw", "model_card"])
def test_no_report_without_all_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Training, step: str
) -> None:
    """The file report.json says that a run is finished, so a failure before the end leaves none."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module, step, fail)
    with pytest.raises(OSError, match="no space left"):
        write(tmp_path / "run", trained)
    assert not (tmp_path / "run" / "report.json").exists()


def test_no_report_without_what_another_process_could_not_draw(tmp_path: Path, trained: Training) -> None:
    run = Run.create(tmp_path / "run", trained.recipe, "small")
    (run.path / "mistakes.png").mkdir()
    with closing(Painter()) as painter, pytest.raises(OSError, match="directory"):
        write_report(run, trained, painter)
    assert painter._process.returncode
    assert not (run.path / "report.json").exists()


@pytest.mark.usefixtures("no_pictures")
def test_the_test_pictures_are_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Training) -> None:
    asked: list[Split] = []

    def watched(network: Network, split: Split, **options: Any) -> Evaluation:
        asked.append(split)
        return evaluate(network, split, **options)

    monkeypatch.setattr("lenet.training.fit.evaluate", watched)
    write(tmp_path / "run", trained)
    assert asked == [trained.dataset.test]
