"""The connected parts of a mask, such as the strokes of a drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """A connected part: the number of its `pixels`, and the box around it; `right` and `bottom` lie just outside."""

    pixels: int
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def edges(self, shape: tuple[int, ...]) -> int:
        """Return how many edges of a mask of `shape` (height, width) the part touches."""
        return (self.left == 0) + (self.top == 0) + (self.right == shape[1]) + (self.bottom == shape[0])


def connected(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], list[Part]]:
    """Return the connected parts of `mask` `(H, W)`, and the numbers `(H, W)` of the parts, -1 outside of all.

    Pixels that touch at a side or at a corner belong together. The parts are in the order of their first pixels.
    """
    rows, starts, ends = runs(mask)
    roots = _united(rows, starts, ends)
    _, part_of = np.unique(roots, return_inverse=True)
    numbers = np.full(mask.shape, -1, np.int64)
    numbers[mask] = np.repeat(part_of, ends - starts)
    count = int(part_of.max(initial=-1)) + 1
    pixels = np.bincount(part_of, ends - starts, count)
    left, right = np.full(count, mask.shape[1]), np.zeros(count, np.int64)
    top, bottom = np.full(count, mask.shape[0]), np.zeros(count, np.int64)
    np.minimum.at(left, part_of, starts)
    np.maximum.at(right, part_of, ends)
    np.minimum.at(top, part_of, rows)
    np.maximum.at(bottom, part_of, rows + 1)
    return numbers, [Part(*map(int, values)) for values in zip(pixels, left, top, right, bottom, strict=True)]


def runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the row, the first column, and the column after the last, of each horizontal run of `mask`, in order."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges > 0)
    _, ends = np.nonzero(edges < 0)
    return rows, starts, ends


def _united(rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each run the lowest number of a run that it is connected with."""
    root = list(range(len(rows)))

    def find(run: int) -> int:
        while root[run] != run:
            root[run] = run = root[root[run]]
        return run

    for one, other in _touching(rows.tolist(), starts.tolist(), ends.tolist()):
        low, high = sorted((find(one), find(other)))
        root[high] = low
    return np.array([find(run) for run in range(len(root))], np.int64)


def _touching(rows: list[int], starts: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each pair of runs in neighbouring rows that touch, corners included."""
    above = 0
    for run, row in enumerate(rows):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < starts[run]):
            above += 1
        other = above
        while other < run and rows[other] == row - 1 and starts[other] <= ends[run]:
            yield other, run
            other += 1
