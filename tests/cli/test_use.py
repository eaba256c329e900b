"""`lenet evaluate`, `predict` and `describe`: all that they say, against what the library gives.

pytest tests/cli/test_use.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

import lenet as api
from lenet.cli import main
from lenet.models.describe import describe
from lenet.predict import predict

Lenet = Callable[..., str]

LENET5 = """\
layer   kind            maps  size   kernel  trainable  connections  multiply-adds
c1      Convolution        6  28x28     5x5        156      122,304        117,600
s2      Subsampling        6  14x14     2x2          0        4,704              0
c3      Convolution       16  10x10     5x5      2,416      241,600        240,000
s4      Subsampling       16    5x5     2x2          0        1,600              0
c5      Convolution      120    1x1     5x5     48,120       48,120         48,000
f6      FullConnection    84    1x1             10,164       10,164         10,080
output  FullConnection    10    1x1                850          850            840
all                                             61,706      429,342        416,520
"""

LENET5_1998 = """\
layer   kind            maps  size   kernel  trainable  connections  multiply-adds
c1      Convolution        6  28x28     5x5        156      122,304        117,600
s2      Subsampling        6  14x14     2x2         12        5,880          1,176
c3      Convolution       16  10x10     5x5      1,516      151,600        150,000
s4      Subsampling       16    5x5     2x2         32        2,000            400
c5      Convolution      120    1x1     5x5     48,120       48,120         48,000
f6      FullConnection    84    1x1             10,164       10,164         10,080
output  EuclideanRBF      10    1x1                  0          840            840
all                                             60,000      340,908        328,096
"""


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_describe_prints_the_paper_s_table(lenet: Lenet) -> None:
    assert words(lenet("describe", "lenet5")) == words(LENET5)
    assert words(lenet("describe", "lenet5-1998")) == words(LENET5_1998)


def test_describe_as_json(lenet: Lenet) -> None:
    said = lenet("describe", "lenet5", "--json")
    assert said.count("\n") == 1
    assert json.loads(said) == [asdict(row) for row in describe(api.build("lenet5"))]


def test_describe_a_trained_network(lenet: Lenet, trained: Path) -> None:
    said = lenet("describe", trained)
    assert [line[0] for line in words(said)] == ["layer", "c1", "s2", "c3", "output", "all"]
    assert lenet("describe", trained / "model.safetensors") == said


@pytest.mark.parametrize("with_data", [False, True])
def test_evaluate(lenet: Lenet, trained: Path, pictures: Path, with_data: bool) -> None:
    expected = api.evaluate(api.load(trained), api.load_dataset(str(pictures)).test)
    arguments = ["evaluate", str(trained), *([str(pictures)] if with_data else [])]
    assert lenet(*arguments) == (
        f"{pictures}: error {expected.error:.2f} %, {expected.misses} misses of 18 test pictures, "
        f"loss {expected.loss:.4f}\n"
    )


def test_evaluate_as_json_gives_the_report_s_figures(capsys: pytest.CaptureFixture[str], trained: Path) -> None:
    from lenet.cli import main

    assert main(["evaluate", str(trained), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == json.loads((trained / "report.json").read_text())["test"]
    assert "misses of 18 test pictures" in said.err


def test_a_weight_file_alone_is_enough(lenet: Lenet, trained: Path, tmp_path: Path) -> None:
    shutil.copy(trained / "model.safetensors", tmp_path / "mine.safetensors")
    assert lenet("evaluate", "mine.safetensors") == lenet("evaluate", trained)


def test_predict(lenet: Lenet, trained: Path, pictures: Path) -> None:
    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png", pictures / "diagonal" / "2.png"]
    expected = predict(api.load(trained), asked)
    assert lenet("predict", trained, *asked) == "".join(
        f"{one.picture}: {one.answer} ({100 * one.certainty:.1f} % certain)\n" for one in expected
    )
    assert sum(one.answer == path.parent.name for one, path in zip(expected, asked, strict=True)) >= 2


def test_predict_as_json(capsys: pytest.CaptureFixture[str], trained: Path, pictures: Path) -> None:
    from lenet.cli import main

    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png"]
    assert main(["predict", str(trained), *map(str, asked), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == [
        {"picture": one.picture, "class": one.answer, "certainty": one.certainty}
        for one in predict(api.load(trained), asked)
    ]


def test_describe_takes_other_numbers(lenet: Lenet, trained: Path) -> None:
    """The Gluon tutorial's network; a trained one is what it is."""
    assert lenet("describe", "--input-size", 28).splitlines()[-1].split()[1] == "44,426"
    assert lenet("describe", "lenet5", "--maps", 4, 8, "--input-size", 28).splitlines()[-1].split()[1] == "27,406"
    assert main(["describe", str(trained), "--input-size", "28"]) == 2
