"""Words name pictures: a file itself, a folder all that lie in it, a pattern all that match, `-` what comes in.

pytest tests/inference/test_bulk.py
"""

from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.errors import InputError
from lenet.inference.bulk import named_pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "deep/c.bmp", ".hidden/d.png", "deep/.e.png", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"it")
    return tmp_path


def names(*words: object) -> list[str]:
    return [name for name, _ in named_pictures(map(str, words))]


def test_a_file_is_itself_though_it_is_absent(folder: Path) -> None:
    assert names(folder / "notes.txt", "absent.png") == [str(folder / "notes.txt"), "absent.png"]


def test_a_folder_is_its_pictures(folder: Path) -> None:
    assert names(folder) == [str(folder / name) for name in ("a.JPG", "b.png", "deep/c.bmp")]
    assert names(folder / ".hidden") == [str(folder / ".hidden" / "d.png")]
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty has no pictures: expected files that end in \.png"):
        names(folder / "empty")


def test_a_pattern_is_what_matches(folder: Path) -> None:
    assert names(folder / "*.png") == [str(folder / "b.png")]
    assert names(folder / "**" / "*.bmp") == [str(folder / "deep" / "c.bmp")]
    with pytest.raises(InputError, match=r"^no file matches .*\.gif$"):
        names(folder / "*.gif")


def test_a_file_may_be_called_like_a_pattern(folder: Path) -> None:
    (folder / "[b].png").write_bytes(b"it")
    assert names(folder / "[b].png") == [str(folder / "[b].png")]


def test_standard_input_is_a_picture_or_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture, "PNG")
    for content, expected in (
        (picture.getvalue(), [("standard input", picture.getvalue())]),
        (b"a.png\r\n\n b c.png \n", [("a.png", "a.png"), (" b c.png ", " b c.png ")]),
        (b"P2\n1 1\n255\n7\n", [("standard input", b"P2\n1 1\n255\n7\n")]),
        (b"P1/three.png\nBMW.png", [("P1/three.png", "P1/three.png"), ("BMW.png", "BMW.png")]),
        ("\ufeffa\u2028b.png".encode(), [("a\u2028b.png", "a\u2028b.png")]),
    ):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        assert list(named_pictures(["-"])) == expected
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"\n")))
    with pytest.raises(InputError, match=r"^standard input is empty: expected a picture, or the paths"):
        list(named_pictures(["-"]))
