"""Tests of the halide engine are left out where halide is not installed."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("halide") else ["test_halide_kernels.py", "test_halide_engine.py"]
