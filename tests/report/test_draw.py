"""Plots are drawn as well by another process, and what cannot be drawn is said.

pytest tests/report/test_draw.py
"""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from lenet.inference.evaluate import Score
from lenet.report.draw import Draw, Painter, draw
from lenet.training.epoch import EpochSummary

HISTORY = [EpochSummary(epoch, Score(1 / epoch, 30, 100), None, rate=0.1, seconds=1.0).as_dict() for epoch in (1, 2)]


def test_another_process_draws_the_same(tmp_path: Path) -> None:
    draw(tmp_path / "here.png", "curves", HISTORY)
    with closing(Painter()) as painter, painter as paint:
        paint(tmp_path / "there.png", "curves", HISTORY)
        paint(tmp_path / "again.png", "curves", HISTORY)
    assert painter._process.returncode == 0, "nothing was drawn here"
    here = (tmp_path / "here.png").read_bytes()
    assert (tmp_path / "there.png").read_bytes() == (tmp_path / "again.png").read_bytes() == here


def test_what_a_dead_process_leaves_is_drawn_here(tmp_path: Path) -> None:
    with closing(Painter()) as painter:
        os.kill(painter._process.pid, signal.SIGKILL)
        with painter as paint:
            paint(tmp_path / "curves.png", "curves", HISTORY)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with closing(Painter()) as painter, pytest.raises(FileNotFoundError, match="nowhere"), painter as paint:
        paint(tmp_path / "nowhere" / "curves.png", "curves", HISTORY)


def test_a_process_that_has_nothing_to_draw_ends() -> None:
    with closing(Painter()) as painter:
        assert painter._process.poll() is None
    assert painter._process.returncode == -signal.SIGKILL


def test_an_error_elsewhere_is_not_hidden(tmp_path: Path) -> None:
    """What is asked for is not drawn here then."""

    def fail(paint: Draw) -> None:
        paint(tmp_path / "nowhere" / "curves.png", "curves", HISTORY)
        raise ZeroDivisionError

    with closing(Painter()) as painter, pytest.raises(ZeroDivisionError), painter as paint:
        fail(paint)
