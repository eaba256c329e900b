"""`lenet describe` prints the paper's table of a network: by name, with other numbers, or trained.

pytest tests/cli/test_describe.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from lenet.models.describe import describe
from lenet.models.zoo import MODELS, specify

Lenet = Callable[..., str]

LENET5 = """\
layer   kind            maps  size   kernel  parameters  connections  multiply-adds
c1      Convolution        6  28x28     5x5        156      122,304        117,600
s2      Subsampling        6  14x14     2x2          0        4,704              0
c3      Convolution       16  10x10     5x5      2,416      241,600        240,000
s4      Subsampling       16    5x5     2x2          0        1,600              0
c5      Convolution      120    1x1     5x5     48,120       48,120         48,000
f6      FullConnection    84    1x1             10,164       10,164         10,080
output  FullConnection    10    1x1                850          850            840
total                                             61,706      429,342        416,520
"""

LENET5_1998 = """\
layer   kind            maps  size   kernel  parameters  connections  multiply-adds
c1      Convolution        6  28x28     5x5        156      122,304        117,600
s2      Subsampling        6  14x14     2x2         12        5,880          1,176
c3      Convolution       16  10x10     5x5      1,516      151,600        150,000
s4      Subsampling       16    5x5     2x2         32        2,000            400
c5      Convolution      120    1x1     5x5     48,120       48,120         48,000
f6      FullConnection    84    1x1             10,164       10,164         10,080
output  EuclideanRBF      10    1x1                  0          840            840
total                                             60,000      340,908        328,096
"""


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(("asked", "table"), [([], LENET5), (["lenet5"], LENET5), (["lenet5-1998"], LENET5_1998)])
def test_it_prints_the_paper_s_table(lenet: Lenet, asked: list[str], table: str) -> None:
    assert words(lenet("describe", *asked)) == words(table)


@pytest.mark.parametrize("name", MODELS)
def test_a_table_for_programs(lenet: Lenet, name: str) -> None:
    said = lenet("describe", name, "--json")
    assert said.count("\n") == 1
    assert json.loads(said) == [asdict(row) for row in describe(specify(name))]


def test_a_trained_network(lenet: Lenet, trained: Path) -> None:
    said = lenet("describe", trained)
    assert [line[0] for line in words(said)] == ["layer", "c1", "s2", "c3", "output", "total"]
    assert words(said)[-1][1] == "363"
    assert lenet("describe", trained / "model.safetensors") == said
    assert lenet("describe", trained, "--maps", 4) == said, "its own numbers may be repeated"


def test_other_numbers(lenet: Lenet) -> None:
    """The networks are that of the Gluon tutorial and a smaller one."""
    assert lenet("describe", "--input-size", 28).splitlines()[-1].split()[1] == "44,426"
    assert lenet("describe", "lenet5", "--maps", 4, 8, "--input-size", 28).splitlines()[-1].split()[1] == "27,406"
    assert lenet("describe", "--maps", 4, 8, "lenet5", "--input-size=28").splitlines()[-1].split()[1] == "27,406"
