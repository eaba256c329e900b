"""What the tests of the command share: a folder of pictures, and a network that has learned them."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from PIL import Image

from lenet.cli import main
from lenet.data import Dataset

SMALL = ("--input-size", "8", "--maps", "2", "--kernels", "3", "--hidden", "8", "--batch", "16", "--validation", "0.2")
LEARN = (
    "--maps",
    "4",
    "--epochs",
    "25",
    "--rate",
    "0.03",
    "--shift",
    "0",
    "--rotation",
    "0",
    "--zoom",
    "0",
    "--shear",
    "0",
)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test stands in an empty folder, and no data set is found or cached outside of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "no-data"))


@pytest.fixture(scope="session")
def pictures(small_data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 30 pictures for each of three classes: 72 to learn from, 18 to test on."""
    folder = tmp_path_factory.mktemp("own") / "stripes"
    for place, (image, label) in enumerate(zip(small_data.train.images[:90], small_data.train.labels, strict=False)):
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
    """A run folder made by `lenet train`, in epochs enough to be good, and what the command said meanwhile."""
    run, stdout, stderr = tmp_path_factory.mktemp("runs") / "stripes", io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        assert main(["train", *small, *LEARN, "--out", str(run)]) == 0
    assert stderr.getvalue() == ""
    return run, stdout.getvalue()


@pytest.fixture(scope="session")
def trained(training: tuple[Path, str]) -> Path:
    """That run folder."""
    return training[0]


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the report is what takes the time, and tests of other things need none."""
    monkeypatch.setattr("lenet.report.save", lambda made, path: path.write_bytes(b""))
    monkeypatch.setattr("lenet.report.mistakes", lambda *_: None)


@pytest.fixture
def lenet(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in this process; its stdout, when it went well and said nothing on stderr."""

    def run(*arguments: object) -> str:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert (code, said.err) == (0, "")
        return said.out

    return run
