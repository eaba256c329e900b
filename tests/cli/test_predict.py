"""`lenet predict` says what the library gives.

pytest tests/cli/test_predict.py
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet as api
from lenet.cli.main import main
from lenet.data.strokes import DIGITS, drawn
from lenet.inference.predict import Prediction

Lenet = Callable[..., str]


def sentence(one: Prediction) -> str:
    assert one.second is not None
    if one.sure:
        return f"{one.picture}: {one.label} ({100 * one.certainty:.1f} % certain)\n"
    other = f"{one.second.label} ({100 * one.second.certainty:.1f} %)"
    return f"{one.picture}: not sure: {one.label} ({100 * one.certainty:.1f} %) or {other}\n"


def test_a_line_for_each_picture(lenet: Lenet, trained: Path, pictures: Path) -> None:
    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png", pictures / "diagonal" / "2.png"]
    expected = api.predict(trained, asked)
    assert lenet("predict", trained, *asked) == "".join(map(sentence, expected))
    assert [one.picture for one in expected] == [str(path) for path in asked]
    assert sum(one.label == path.parent.name for one, path in zip(expected, asked, strict=True)) >= 2


def test_rows_for_programs(capsys: pytest.CaptureFixture[str], trained: Path, pictures: Path) -> None:
    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png"]
    assert main(["predict", str(trained), *map(str, asked), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == [
        {
            "picture": one.picture,
            "class": one.label,
            "certainty": one.certainty,
            "sure": one.sure,
            "second": one.second and {"class": one.second.label, "certainty": one.second.certainty},
        }
        for one in api.predict(trained, asked)
    ]
    assert said.err == "".join(map(sentence, api.predict(trained, asked)))


@pytest.mark.skipif(not find_spec("halide"), reason="halide is not installed")
@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_no_torch_is_imported_where_kernels_answer(trained: Path, pictures: Path, verb: str) -> None:
    shown = next(pictures.glob("*/*.png")) if verb == "predict" else pictures
    program = f"""
import sys
from lenet.cli.main import main
from lenet.inference.predict import Prediction
code = main([{verb!r}, {str(trained)!r}, {str(shown)!r}])
print(code, "torch" in sys.modules)
"""
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines()[-1] == "0 False"


def test_without_a_model_handwriting_is_read(lenet: Lenet, pictures: Path) -> None:
    shown = next(pictures.glob("row/*.png"))
    (expected,) = api.predict("handwriting", [shown])
    assert lenet("predict", shown, "--format", "jsonl").startswith(f'{{"picture": "{shown}", "class": ')
    assert json.loads(lenet("predict", "handwriting", shown, "--format", "jsonl"))["certainty"] == expected.certainty


def test_a_folder_gives_a_row_for_each_picture(lenet: Lenet, trained: Path, pictures: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(lenet("predict", trained, pictures, "--format", "csv"))))
    assert len(rows) == 90
    assert list(rows[0]) == ["picture", "class", "certainty", "sure", "second", "second_certainty", "digits", "error"]
    right = sum(row["class"] == Path(row["picture"]).parent.name for row in rows)
    assert right > 60


def test_one_that_cannot_be_read_is_a_row_among_many(
    capsys: pytest.CaptureFixture[str], trained: Path, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    asked = [str(tmp_path / "bad.png"), str(next(pictures.glob("row/*.png"))), str(tmp_path / "absent.png")]
    assert main(["predict", str(trained), *asked, "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row.get("error", "")[-60:] for row in rows][1] == ""
    assert rows[0]["error"].startswith(f"{asked[0]} is not a picture in one of the formats PNG")
    assert rows[2]["error"].startswith(f"{asked[2]} is not a file")
    assert main(["predict", str(trained), asked[0]]) == 2
    assert capsys.readouterr().err.startswith(f"lenet: {asked[0]} is not a picture")


def test_what_was_seen_is_shown(lenet: Lenet, pictures: Path, tmp_path: Path) -> None:
    lenet("predict", pictures / "row", "--show", tmp_path / "seen.png")
    with Image.open(tmp_path / "seen.png") as shown:
        assert shown.width > 1000


def test_a_model_alone_is_not_enough(capsys: pytest.CaptureFixture[str], trained: Path) -> None:
    for words in (["handwriting"], [str(trained)]):
        assert main(["predict", *words]) == 2
        sentence = f"lenet: {words[0]} is a network: name the pictures that it is to read as well\n"
        assert capsys.readouterr().err == sentence


def test_two_formats_are_refused(capsys: pytest.CaptureFixture[str], pictures: Path) -> None:
    assert main(["predict", str(pictures), "--json", "--format", "csv"]) == 2
    assert capsys.readouterr().err == "lenet: --json and --format csv: give one of them\n"


def test_nothing_is_lost_by_show(capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path) -> None:
    shown = next(pictures.glob("row/*.png"))
    content = shown.read_bytes()
    for path, sentence in (
        (shown, "this is one of the pictures to read; name a new file"),
        (tmp_path / "it.jpg", "the name of the file must end in .png"),
        (tmp_path / "nowhere" / "it.png", "expected a file in a folder that exists"),
    ):
        assert main(["predict", str(shown), "--show", str(path)]) == 2
        assert capsys.readouterr().err == f"lenet: --show {path}: {sentence}\n"
    assert shown.read_bytes() == content
    assert main(["predict", "absent.png", "absent-too.png", "--show", str(tmp_path / "it.png")]) == 1
    assert not (tmp_path / "it.png").exists()


def test_rows_of_digits_have_their_boxes(lenet: Lenet, tmp_path: Path) -> None:
    page = Image.new("L", (220, 110), "white")
    for place, digit in enumerate((7, 4)):
        page.paste(drawn(DIGITS[digit][0], np.random.default_rng(1), tilt=5, loose=0.01), (106 * place + 2, 7))
    page.save("page.png")
    assert lenet("predict", "--line", "page.png", "--show", tmp_path / "boxes.png") == "page.png: 74\n"
    row = json.loads(lenet("predict", "--line", "page.png", "--format", "jsonl"))
    assert (row["digits"], row["class"], row["sure"], row["second"]) == ("74", None, True, None)
    assert [box["label"] for box in row["boxes"]] == ["7", "4"]
    with Image.open(tmp_path / "boxes.png") as shown:
        assert shown.size == page.size
