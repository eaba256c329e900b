"""The arithmetic of the paper (section II.B) and of the two tutorials, layer by layer.

pytest tests/models/test_paper_numbers.py
"""

from __future__ import annotations

import pytest
from torch import nn

from lenet.models import build
from lenet.models.describe import Row, describe

# What the 1998 paper has is marked; C3 sees all of S2 here, and S2 and S4 have nothing to train.
LENET5 = [
    Row("c1", "Convolution", 6, 28, 28, 5, 156, 122_304, 117_600),  # as the paper
    Row("s2", "Subsampling", 6, 14, 14, 2, 0, 4_704, 0),
    Row("c3", "Convolution", 16, 10, 10, 5, 2_416, 241_600, 240_000),
    Row("s4", "Subsampling", 16, 5, 5, 2, 0, 1_600, 0),
    Row("c5", "Convolution", 120, 1, 1, 5, 48_120, 48_120, 48_000),  # as the paper
    Row("f6", "FullConnection", 84, 1, 1, None, 10_164, 10_164, 10_080),  # as the paper
    Row("output", "FullConnection", 10, 1, 1, None, 850, 850, 840),
]


def test_lenet5_is_the_paper_s_layer_by_layer() -> None:
    assert describe(build("lenet5")) == LENET5


def test_totals() -> None:
    rows = describe(build("lenet5"))
    assert sum(row.parameters for row in rows) == 61_706
    assert sum(row.multiplications for row in rows) == 416_520


def test_the_gluon_tutorial_s_28x28_input() -> None:
    rows = describe(build("lenet5", input_size=28))
    assert [row.parameters for row in rows] == [156, 0, 2_416, 0, 30_840, 10_164, 850]
    assert sum(row.parameters for row in rows) == 44_426


@pytest.mark.parametrize(("size", "total"), [(32, 61_706), (28, 44_426)])
def test_the_parameters_are_those_of_the_plain_torch_network(size: int, total: int) -> None:
    left = (size - 12) // 4
    plain = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * left**2, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    assert sum(parameter.numel() for parameter in plain.parameters()) == total
    assert sum(parameter.numel() for parameter in build("lenet5", input_size=size).parameters()) == total
