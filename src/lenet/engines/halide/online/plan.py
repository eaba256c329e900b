"""The plan of the pipeline for a single picture."""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.indices import m
from lenet.engines.halide.plan import OfClass, Plan


@dataclass
class PicturePlan(Plan):
    """A plan for one picture. Every stored result is computed once, before anything reads it."""

    def number(self, name: str, value: hl.Expr) -> hl.Expr:
        func = hl.Func(name)
        func[()] = value
        func.compute_root()
        return func[()]

    def numbers(self, name: str, classes: int, value: OfClass) -> OfClass:
        func = hl.Func(name)
        func[m] = value(m)
        func.compute_root().bound(m, 0, classes)
        return lambda m: func[m]
