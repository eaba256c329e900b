"""The connected parts of a mask are those that SciPy finds.

pytest tests/data/test_parts.py
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy import ndimage

from lenet.data.parts import connected

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.booleans())


@given(masks)
def test_the_parts_are_those_of_scipy(mask: NDArray[np.bool_]) -> None:
    numbers, parts = connected(mask)
    expected, count = ndimage.label(mask, np.ones((3, 3)))
    assert len(parts) == count
    assert ((numbers >= 0) == mask).all()
    assert len(set(zip(numbers[mask].tolist(), expected[mask].tolist(), strict=True))) == count
    for number, part in enumerate(parts):
        rows, columns = np.nonzero(numbers == number)
        assert part.pixels == len(rows)
        assert (part.top, part.bottom) == (rows.min(), rows.max() + 1)
        assert (part.left, part.right) == (columns.min(), columns.max() + 1)


def test_a_spiral_is_one_part() -> None:
    spiral = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], np.bool_)
    assert len(connected(spiral)[1]) == 1
