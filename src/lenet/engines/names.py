"""The names of the engines, without the engines themselves: importing this module imports neither torch nor Halide."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, get_args

from lenet.errors import unknown

EngineName = Literal["auto", "halide", "torch"]  # auto leaves the choice to the package
ENGINES = get_args(EngineName)[1:]  # halide stands for two engines, one for batches and one for single pictures

NOT_INSTALLED = "the halide engine is not installed here (pip install halide, where there is a wheel for it)"


def check_engine(name: str) -> None:
    """Raise an `InputError` unless `name` is auto or the name of an engine."""
    if name not in get_args(EngineName):
        raise unknown("engine", name, get_args(EngineName))


def has_halide() -> bool:
    """Return True if Halide is installed."""
    return find_spec("halide") is not None
