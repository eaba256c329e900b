"""The tests of the compiled kernels are left out where halide is not installed."""

from __future__ import annotations

from importlib.util import find_spec

NEED_HALIDE = [
    "test_batch_answers.py",
    "test_batch_engine.py",
    "test_batch_gradient.py",
    "test_batch_input.py",
    "test_batch_kernels.py",
    "test_beforehand.py",
    "test_halide_activations.py",
    "test_kept.py",
    "test_online_engine.py",
]
collect_ignore = [] if find_spec("halide") else NEED_HALIDE
