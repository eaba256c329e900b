"""The plan of a pipeline for batches: the Funcs that are computed for each chunk of images, and the gradients."""

from __future__ import annotations

from dataclasses import dataclass, field

import halide as hl

from lenet.engines.halide.batch.units import chunk
from lenet.engines.halide.plan import Plan


@dataclass
class ChunkPlan(Plan):
    """A plan for chunks of `images` images; unless it is `learning`, nothing is stored that only the way back needs."""

    images: int
    learning: bool
    computed: list[hl.Func] = field(default_factory=list, kw_only=True)

    def compute(self, func: hl.Func) -> hl.Func:
        """Let `func` be computed and stored once for each chunk, and return it."""
        self.computed.append(func)
        return func

    def add_gradient_func(self, offset: int, extents: tuple[int, ...], func: hl.Func) -> None:
        """Add the gradient of a block at `offset`; `func` takes an index for each of the `extents`, then the chunk."""
        self.compute(func)
        self.add_gradient(offset, extents, lambda *indices: func[(*indices, chunk)])
