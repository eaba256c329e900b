"""A pipeline in the making, and the gradients that it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import halide as hl


@dataclass(frozen=True)
class Gradient:
    """The gradient with respect to one block of parameters.

    The block starts at `offset` and has the shape `extents`, innermost first. `value` takes an index for each extent
    and returns the gradient with respect to that parameter.
    """

    offset: int
    extents: tuple[int, ...]
    value: Callable[..., hl.Expr]


@dataclass
class Plan:
    """A pipeline in the making, as its layers share it: the `parameters` of the network, and the `gradients` so far."""

    parameters: hl.ImageParam
    gradients: list[Gradient] = field(default_factory=list, kw_only=True)

    def add_gradient(self, offset: int, extents: tuple[int, ...], value: Callable[..., hl.Expr]) -> None:
        self.gradients.append(Gradient(offset, extents, value))
