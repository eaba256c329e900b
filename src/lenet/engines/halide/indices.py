"""The loop variables, positions and constants that the kernels for batches and those for single pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import halide as hl
import numpy as np
from numpy.typing import NDArray

x, y, m = (hl.Var(name) for name in ("x", "y", "m"))  # column, row and map of a unit
outer, m_inner = hl.Var("outer"), hl.Var("m_inner")  # the loops over tiles of maps, and over the maps of a tile


def flat_index(indices: Sequence[hl.Expr], extents: Sequence[int]) -> hl.Expr:
    """Return the position of the element at `indices` in a flat array with these `extents`, innermost first."""
    position, stride = hl.Expr(0), 1
    for index, extent in zip(indices, extents, strict=True):
        position, stride = position + stride * index, stride * extent
    return position


def place_at(position: hl.Expr, extents: Sequence[int]) -> list[hl.Expr]:
    """Return the indices of the element at `position` in a flat array: the inverse of `flat_index`."""
    *inner, _ = extents
    indices = []
    for extent in inner:
        indices.append(position % extent)
        position = position // extent
    return [*indices, position]


def constant(values: NDArray[Any]) -> hl.Buffer:
    """Return a copy of `values` as constants of a pipeline; Halide's indices are in the reverse order of NumPy's.

    It is a copy because the array may be gone by the time the pipeline runs.
    """
    return hl.Buffer(np.ascontiguousarray(values)).copy()
