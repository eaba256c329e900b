"""`lenet predict` says what the library gives.

pytest tests/cli/test_predict.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

import lenet as api
from lenet.cli.main import main

Lenet = Callable[..., str]


def test_a_line_for_each_picture(lenet: Lenet, trained: Path, pictures: Path) -> None:
    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png", pictures / "diagonal" / "2.png"]
    expected = api.predict(trained, asked)
    assert lenet("predict", trained, *asked) == "".join(
        f"{one.picture}: {one.label} ({100 * one.confidence:.1f} % certain)\n" for one in expected
    )
    assert [one.picture for one in expected] == [str(path) for path in asked]
    assert sum(one.label == path.parent.name for one, path in zip(expected, asked, strict=True)) >= 2


def test_rows_for_programs(capsys: pytest.CaptureFixture[str], trained: Path, pictures: Path) -> None:
    asked = [pictures / "row" / "0.png", pictures / "column" / "1.png"]
    assert main(["predict", str(trained), *map(str, asked), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == [
        {"picture": one.picture, "class": one.label, "confidence": one.confidence}
        for one in api.predict(trained, asked)
    ]
    assert said.err.count("certain)") == 2


@pytest.mark.skipif(not find_spec("halide"), reason="halide is not installed")
@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_no_torch_is_imported_where_kernels_answer(trained: Path, pictures: Path, verb: str) -> None:
    shown = next(pictures.glob("*/*.png")) if verb == "predict" else pictures
    program = f"""
import sys
from lenet.cli.main import main
code = main([{verb!r}, {str(trained)!r}, {str(shown)!r}])
print(code, "torch" in sys.modules)
"""
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines()[-1] == "0 False"
