"""The tables and codes drawn into the source agree with the same facts written down in another way.

pytest tests/models/test_tables.py
"""

from __future__ import annotations

from itertools import combinations

import pytest

from lenet.models.codes import CODES
from lenet.models.tables import TABLES

TABLE_I = [
    {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {0, 4, 5}, {0, 1, 5},
    {0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {0, 3, 4, 5}, {0, 1, 4, 5}, {0, 1, 2, 5},
    {0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}, {0, 1, 2, 3, 4, 5},
]  # fmt: skip
LENET1 = [{0}, {0, 1}, {0, 1}, {1}, {0, 1}, {0, 1}, {2}, {2, 3}, {2, 3}, {3}, {2, 3}, {2, 3}]
LENET1989 = [set(range(8))] * 4 + [set(range(4, 12))] * 4 + [{0, 1, 2, 3, 8, 9, 10, 11}] * 4

# The rows of each digit from above, as numbers of seven bits.
ROWS = [
    [62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0],
    [12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0],
    [62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0],
    [127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0],
    [62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3],
    [62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0],
    [30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0],
    [127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0],
    [62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0],
    [62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0],
]


def seen(name: str) -> list[set[int]]:
    table = TABLES[name]
    assert table is not None
    return [{below for below, connected in enumerate(row) if connected} for row in table]


@pytest.mark.parametrize(
    ("name", "expected"), [("lenet5-1998", TABLE_I), ("lenet1", LENET1), ("lenet1989", LENET1989)]
)  # fmt: skip
def test_each_map_sees_what_the_paper_says(name: str, expected: list[set[int]]) -> None:
    assert seen(name) == expected


@pytest.mark.parametrize(
    ("name", "kernels", "maps_for_each"), [("lenet5-1998", 60, 10), ("lenet1", 20, 5), ("lenet1989", 96, 8)]
)
def test_kernels_are_as_many_as_published_and_dealt_evenly(name: str, kernels: int, maps_for_each: int) -> None:
    sets = seen(name)
    assert sum(map(len, sets)) == kernels
    assert {sum(below in one for one in sets) for below in set().union(*sets)} == {maps_for_each}


def test_codes_bit_for_bit() -> None:
    assert [
        [sum(2 ** (6 - column) * (code[7 * row + column] > 0) for column in range(7)) for row in range(12)]
        for code in CODES
    ] == ROWS


def test_codes_are_as_far_apart_as_measured() -> None:
    assert {bit for code in CODES for bit in code} == {-1, 1}
    assert [code.count(1) for code in CODES] == [35, 27, 33, 32, 41, 35, 39, 25, 43, 39]
    far = {(a, b): sum(x != y for x, y in zip(CODES[a], CODES[b], strict=True)) for a, b in combinations(range(10), 2)}
    assert [pair for pair in far if far[pair] == min(far.values()) == 12] == [(6, 8)]
    assert [pair for pair in far if far[pair] == max(far.values()) == 50] == [(1, 4), (1, 8), (4, 7)]
