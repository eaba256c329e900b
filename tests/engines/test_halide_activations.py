"""The squashing functions of the kernels and their slopes agree with torch's.

pytest tests/engines/test_halide_activations.py
"""

from __future__ import annotations

import halide as hl
import numpy as np
import pytest
import torch

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.processor import TARGET
from lenet.models.activations import Activation
from lenet.models.modules import SQUASH
from tests.engines.kernel_cases import param, relative


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name])
def test_activations_and_their_slopes_are_torchs(name: Activation) -> None:
    """A value keeps its digits, even if it is small and near 0; a slope keeps those of the largest slope."""
    tiny = np.geomspace(1e-12, 0.5, 500)
    sums = np.concatenate([np.linspace(-20, 20, 4001), tiny, -tiny, [0.25, -0.25, 0]]).astype(np.float32)
    given_sums, units, slopes, place = param(sums), hl.Func("units"), hl.Func("slopes"), hl.Var("place")
    units[place] = ACTIVATIONS[name].squash(given_sums[place])
    slopes[place] = ACTIVATIONS[name].slope((given_sums if ACTIVATIONS[name].needs_sum else units)[place])
    values = torch.from_numpy(sums).double().requires_grad_()
    expected = SQUASH[name](values)
    found = torch.from_numpy(np.array(units.realize([len(sums)], TARGET))).double()
    smallest = 1e-6 if name == "gelu" else 1e-30  # torch's gelu keeps no digits of small values either
    torch.testing.assert_close(found, expected.detach(), rtol=2e-6, atol=smallest)
    slope = torch.autograd.grad(expected.sum(), values)[0]
    assert relative(np.array(slopes.realize([len(sums)], TARGET)), slope) <= 1e-6


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name])
def test_activations_of_enormous_sums_are_numbers(name: Activation) -> None:
    sums = np.array([-3e38, -1e4, -100, -88.5, 88.5, 100, 1e4, 3e38] * 2, np.float32)
    given_sums, units, place = param(sums), hl.Func("units"), hl.Var("place")
    units[place] = ACTIVATIONS[name].squash(given_sums[place])
    units.vectorize(place, 8)
    found = torch.from_numpy(np.array(units.realize([len(sums)], TARGET)))
    torch.testing.assert_close(found, SQUASH[name](torch.from_numpy(sums)), rtol=2e-6, atol=1e-37)
