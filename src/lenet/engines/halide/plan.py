"""A pipeline in the making: what is computed for each chunk of images, and the gradients that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import halide as hl


@dataclass(frozen=True)
class Gradient:
    """By the parameters from `offset` on: `func` of the `extents`, innermost first, and the chunk."""

    offset: int
    extents: tuple[int, ...]
    func: hl.Func


@dataclass
class Plan:
    """A pipeline for chunks of so many `images`, of a network with these `parameters`."""

    parameters: hl.ImageParam
    images: int
    learning: bool
    computed: list[hl.Func] = field(default_factory=list)
    gradients: list[Gradient] = field(default_factory=list)

    def compute(self, func: hl.Func) -> hl.Func:
        self.computed.append(func)
        return func

    def learn(self, offset: int, extents: tuple[int, ...], func: hl.Func) -> None:
        self.gradients.append(Gradient(offset, extents, self.compute(func)))
