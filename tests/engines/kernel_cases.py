"""The helpers of the kernels' tests: tolerances, and arrays as the inputs of a kernel."""

from __future__ import annotations

import halide as hl
import numpy as np
import torch
from hypothesis import Phase, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.batch.gradient import chunk_images
from lenet.engines.halide.batch.units import chunk, n
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.processor import TARGET
from lenet.models.activations import Activation

FORWARD, BACK = 1e-5, 1e-4  # tolerances for units and for gradients: largest difference over largest value

Array = NDArray[np.float32]

few = settings(max_examples=6, derandomize=True, phases=[Phase.generate])  # shrinking would take minutes
chunks_of = st.sampled_from([chunk_images(1), chunk_images(64)])
seeds = st.integers(0, 1000)
activations: st.SearchStrategy[Activation] = st.sampled_from([name for name in ACTIVATIONS if name])


def relative(found: Array | Tensor, expected: Tensor) -> float:
    """Return the largest difference of `found` and `expected`, of one shape, relative to the largest value expected."""
    assert found.shape == expected.shape
    return float((torch.as_tensor(found) - expected).abs().max() / expected.abs().max().clamp_min(1e-30))


def param(values: Array) -> hl.ImageParam:
    """Return an input of a kernel that holds `values`; their last axis is Halide's first."""
    made = hl.ImageParam(hl.Float(32), values.ndim)
    made.set(hl.Buffer(values).copy())  # the copy outlives `values`
    return made


def func(values: Array) -> hl.Func:
    """Return units or gradients `(maps, height, width, images)` as a Func that reads them, the same in every chunk."""
    given_values, made = param(values), hl.Func()
    made[n, x, y, m, chunk] = given_values[n, x, y, m]
    return made


def run(kernel: hl.Func, *extents: int) -> Array:
    """Return the numbers of chunk 0 for the `extents`, innermost first; in the array they come last, as in torch.

    Of a kernel with several results, it is the first.
    """
    found = kernel.realize([*extents, 1], TARGET)
    first: Array = np.array(found[0] if kernel.outputs() > 1 else found)[0]
    return first


def images_last(values: Tensor) -> Tensor:
    return values.movedim(0, -1)
