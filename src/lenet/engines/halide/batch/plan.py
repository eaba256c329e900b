"""The plan of a pipeline for batches: the Funcs that are computed for each chunk of images, and the gradients."""

from __future__ import annotations

from dataclasses import dataclass, field

import halide as hl

from lenet.engines.halide.batch.units import chunk, in_vectors, n
from lenet.engines.halide.indices import m
from lenet.engines.halide.plan import OfClass, Plan


@dataclass
class ChunkPlan(Plan):
    """A plan for chunks of `images` images; `computed` lists the Funcs that are computed for each chunk.

    Unless `learning` is true, nothing is stored that only the backward pass needs.
    """

    images: int
    learning: bool
    computed: list[hl.Func] = field(default_factory=list, kw_only=True)

    def compute(self, func: hl.Func) -> hl.Func:
        """Have `func` computed and stored once for each chunk, and return it."""
        self.computed.append(func)
        return func

    def number(self, name: str, value: hl.Expr) -> hl.Expr:
        func = hl.Func(name)
        func[n, chunk] = value
        in_vectors(self.compute(func))
        return func[n, chunk]

    def numbers(self, name: str, classes: int, value: OfClass) -> OfClass:
        func = hl.Func(name)
        func[n, m, chunk] = value(m)
        in_vectors(self.compute(func))
        return lambda m: func[n, m, chunk]

    def add_gradient_func(self, offset: int, extents: tuple[int, ...], func: hl.Func) -> None:
        """Add `func`, the gradient with respect to the block of parameters at `offset`, and have it stored.

        `func` takes an index for each of the `extents`, then the chunk. The sums of the losses and of the misses are
        added in the same way, as two blocks after the last parameter.
        """
        self.compute(func)
        self.add_gradient(offset, extents, lambda *indices: func[(*indices, chunk)])
