"""A pipeline in the making, and the gradients that it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import halide as hl

OfClass = Callable[[hl.Expr], hl.Expr]


@dataclass(frozen=True)
class Gradient:
    """The gradient with respect to one block of parameters.

    The block starts at `offset` in the flat array of all parameters and has the shape `extents`, innermost first.
    `value` takes an index for each extent and returns the gradient with respect to the parameter there.
    """

    offset: int
    extents: tuple[int, ...]
    value: Callable[..., hl.Expr]


@dataclass
class Plan:
    """A pipeline in the making, which its layers and its loss share.

    It has the `parameters` of the network and the `gradients` added so far. `number` and `numbers` store results, so
    that each is computed only once; they do it for batches in another way than for single pictures.
    """

    parameters: hl.ImageParam
    gradients: list[Gradient] = field(default_factory=list, kw_only=True)

    def add_gradient(self, offset: int, extents: tuple[int, ...], value: Callable[..., hl.Expr]) -> None:
        self.gradients.append(Gradient(offset, extents, value))

    def number(self, name: str, value: hl.Expr) -> hl.Expr:
        """Store `value`, one number for each image, under `name`, and return an expression that reads it."""
        raise NotImplementedError

    def numbers(self, name: str, classes: int, value: OfClass) -> OfClass:
        """Store `value(m)` under `name` for each image and each class m, from 0 to `classes` - 1.

        Return a function of m that reads the stored number.
        """
        raise NotImplementedError
