"""The fixtures that the command's tests share: a folder of pictures, and a network that has learned them."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from PIL import Image

from lenet.cli.main import main
from lenet.data import Dataset
from lenet.report.draw import Draw

SMALL = ["--input-size", "8", "--maps", "2", "--kernels", "3", "--hidden", "8", "--batch", "16", "--validation", "0.2"]
LEARN = ["--maps", "4", "--epochs", "25", "--rate", "0.03"]
LEARN += ["--shift", "0", "--rotation", "0", "--zoom", "0", "--shear", "0"]


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put every test into an empty folder, where no data set is found or cached outside of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "no-data"))


@pytest.fixture(scope="session")
def pictures(small_data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 30 pictures for each of three classes: 72 pictures to learn from, 18 to test on."""
    folder = tmp_path_factory.mktemp("own") / "stripes"
    for place, (image, label) in enumerate(zip(small_data.train.pictures[:90], small_data.train.labels, strict=False)):
        path = folder / small_data.classes[label] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(path)
    return folder


@pytest.fixture(scope="session")
def small(pictures: Path) -> list[str]:
    """Arguments that train a network of a few hundred weights on that folder."""
    return ["--data", str(pictures), *SMALL]


@pytest.fixture(scope="session")
def training(small: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run folder that `lenet train` made, in enough epochs to be good, and what the command said meanwhile."""
    run, stdout, stderr = tmp_path_factory.mktemp("runs") / "stripes", io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        assert main(["train", *small, *LEARN, "--out", str(run)]) == 0
    assert stderr.getvalue() == ""
    return run, stdout.getvalue()


@pytest.fixture(scope="session")
def trained(training: tuple[Path, str]) -> Path:
    """The run folder of `training`."""
    return training[0]


class Idle:
    """A painter that draws nothing."""

    def __enter__(self) -> Draw:
        return lambda path, *_: path.write_bytes(b"")

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the report's plots empty: drawing takes time, and these tests are about other things."""
    monkeypatch.setattr("lenet.cli.train.Painter", Idle)


@pytest.fixture
def lenet(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs the command in this process and returns its stdout; it must leave stderr empty."""

    def run(*arguments: object) -> str:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return said.out

    return run
