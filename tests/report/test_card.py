"""The model card tells the truth about a network, whatever its classes are called.

pytest tests/report/test_card.py
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lenet.inference.evaluate import Evaluation, evaluate
from lenet.report.card import model_card
from lenet.training.fit import Training

REPORT = {"run": "runs/small-1", "epochs": 3, "seconds": 12.345, "engine": "torch", "device": "cpu"}


@pytest.fixture
def tested(trained: Training) -> Evaluation:
    return evaluate(trained.kept_network(), trained.dataset.test, engine="torch")


def test_it_says_what_matters(trained: Training, tested: Evaluation) -> None:
    card = model_card(trained.recipe, trained.dataset, trained.kept_network().spec, tested, REPORT)
    misses = tested.misses
    assert card.startswith("# A LeNet trained on stripes\n")
    assert f"**{100 * misses / 90:.2f} %**, {misses} misses of 90 |" in card
    parameters = sum(parameter.numel() for parameter in trained.kept_network().parameters())
    assert f"| network | c1, s2, c3, output: {parameters} trainable parameters |" in card
    assert "| input | 1 x 8 x 8, from pictures of 8x8 (`pad`), light on dark |" in card
    assert "| trained | 3 epochs on 256 pictures, seed 0, 12 s on cpu (torch engine) |" in card
    assert "| kept | the best epoch;" in card
    assert "`lenet predict runs/small-1 PICTURE`" in card
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if " | 30 | " in line]
    assert [(name, count) for name, count, _ in rows] == [("row", "30"), ("column", "30"), ("diagonal", "30")]
    assert sum(int(missed) for *_, missed in rows) == misses


def test_a_class_may_have_a_bar_in_its_name(trained: Training, tested: Evaluation) -> None:
    spec = replace(trained.kept_network().spec, classes=("row", "a|b", "diagonal"))
    card = model_card(trained.recipe, trained.dataset, spec, tested, REPORT)
    assert "\n| a&#124;b | 30 | " in card
