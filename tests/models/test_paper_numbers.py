"""The layers are counted as in the papers (1998: section II.B) and in the two tutorials.

pytest tests/models/test_paper_numbers.py
"""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from torch import nn

from lenet.models.describe import Row, describe
from lenet.models.network import build
from lenet.models.zoo import specify

# The rows of the 1998 paper are marked. Here C3 sees all of S2, and S2 and S4 have nothing to train.
LENET5 = [
    Row("c1", "Convolution", 6, 28, 28, 5, 156, 122_304, 117_600),  # as in the paper
    Row("s2", "Subsampling", 6, 14, 14, 2, 0, 4_704, 0),
    Row("c3", "Convolution", 16, 10, 10, 5, 2_416, 241_600, 240_000),
    Row("s4", "Subsampling", 16, 5, 5, 2, 0, 1_600, 0),
    Row("c5", "Convolution", 120, 1, 1, 5, 48_120, 48_120, 48_000),  # as in the paper
    Row("f6", "FullConnection", 84, 1, 1, None, 10_164, 10_164, 10_080),  # as in the paper
    Row("output", "FullConnection", 10, 1, 1, None, 850, 850, 840),
]


def test_lenet5_is_the_paper_s_layer_by_layer() -> None:
    assert describe(specify("lenet5")) == LENET5


# Layer, units, trainable parameters and connections are as published. The exceptions are lenet4 (see there) and the
# rows of lenet1, for which the paper has only the sums.
PAPERS: dict[str, list[tuple[str, str, int, int]]] = {
    "lenet5-1998": [
        ("c1", "6@28x28", 156, 122_304),
        ("s2", "6@14x14", 12, 5_880),
        ("c3", "16@10x10", 1_516, 151_600),
        ("s4", "16@5x5", 32, 2_000),
        ("c5", "120@1x1", 48_120, 48_120),
        ("f6", "84@1x1", 10_164, 10_164),
        ("output", "10@1x1", 0, 840),
        ("all", "", 60_000, 340_908),
    ],
    "lenet1": [
        ("c1", "4@24x24", 104, 59_904),
        ("s2", "4@12x12", 8, 2_880),
        ("c3", "12@8x8", 512, 32_768),
        ("s4", "12@4x4", 24, 960),
        ("output", "10@1x1", 1_930, 1_930),
        ("all", "", 2_578, 98_442),
    ],
    "lenet1989": [
        ("c1", "12@8x8", 1_068, 19_968),
        ("c2", "12@4x4", 2_592, 38_592),
        ("c3", "30@1x1", 5_790, 5_790),
        ("output", "10@1x1", 310, 310),
        ("all", "", 9_760, 64_660),
    ],
    "lenet4": [
        ("c1", "4@28x28", 104, 81_536),
        ("s2", "4@14x14", 8, 3_920),
        ("c3", "16@10x10", 1_616, 161_600),
        ("s4", "16@5x5", 32, 2_000),
        ("c5", "120@1x1", 48_120, 48_120),
        ("output", "10@1x1", 1_210, 1_210),
        ("all", "", 51_090, 298_386),
    ],
}


@pytest.mark.parametrize("model", PAPERS)
def test_every_layer_of_a_paper_is_counted_as_there(model: str) -> None:
    rows = describe(specify(model))
    found = [(row.layer, f"{row.maps}@{row.height}x{row.width}", row.parameters, row.connections) for row in rows]
    total = ("all", "", sum(row.parameters for row in rows), sum(row.connections for row in rows))
    assert [*found, total] == PAPERS[model]


@pytest.mark.parametrize("model", PAPERS)
def test_the_file_of_a_network_says_its_numbers(model: str) -> None:
    module = import_module(f"lenet.models.{model.replace('-', '_')}")
    table = re.findall(r"^\| (\w+) .* ([\d,]+) +\| ([\d,]+) +\|$", module.__doc__ or "", re.MULTILINE)
    assert table == [(layer, f"{trainable:,}", f"{links:,}") for layer, _, trainable, links in PAPERS[model]]


def test_multiplications_of_lenet5_1998() -> None:
    """Each of the 840 differences in squared distances is one, and so is the coefficient of a sub-sampling unit."""
    counts = [row.multiplications for row in describe(specify("lenet5-1998"))]
    assert counts == [117_600, 6 * 196, 150_000, 16 * 25, 48_000, 10_080, 840]


def test_totals() -> None:
    rows = describe(specify("lenet5"))
    assert sum(row.parameters for row in rows) == 61_706
    assert sum(row.multiplications for row in rows) == 416_520


def test_the_gluon_tutorial_s_28x28_input() -> None:
    rows = describe(specify("lenet5", input_size=28))
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
