"""Tests of the halide engine are left out where halide is not installed."""

from __future__ import annotations

from importlib.util import find_spec

NEED_HALIDE = ["test_halide_kernels.py", "test_halide_engine.py", "test_online_engine.py"]
collect_ignore = [] if find_spec("halide") else NEED_HALIDE
