"""The walk along a network's layers, which lowers them (makes kernels of them) or names the first one without a kernel.

A lowered layer has two methods. `forward` takes the units below and returns the layer's units. `backward` takes the
gradient with respect to the layer's *sums*. It adds the gradients with respect to the parameters to the plan, and
returns the gradient with respect to the sums of the layer below; the lowest layer returns None. Nothing is computed
yet: both methods only describe a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from lenet.errors import InputError
from lenet.models.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling

Lowered = TypeVar("Lowered")


@dataclass(frozen=True)
class Kinds(Generic[Lowered]):
    """The constructors of an engine's lowered layers, and the poolings that its stages can compute.

    Each constructor takes the layer's record, the offset of its parameters among all parameters (0 for the lowest
    layer), and the plan. `stage` makes a convolution with the sub-sampling after it, so it takes two records.
    `connection` makes a layer whose units see all the units below: F6, most output layers, and C5 (its kernels cover
    the whole maps below). `codes` makes the RBF output.
    """

    stage: Callable[[Convolution, Subsampling, int, Any], Lowered]
    connection: Callable[[Convolution | FullConnection, int, Any], Lowered]
    codes: Callable[[EuclideanRBF, int, Any], Lowered]
    poolings: tuple[str, ...]


def lower(layers: Sequence[Layer], kinds: Kinds[Lowered], plan: Any) -> list[Lowered]:
    """Return the `layers`, lowered in order by the constructors `kinds`, each with the `plan`.

    Raises `InputError` if a layer has no kernel; the error names the first such layer.
    """
    return [make(offset, plan) for make, offset in _walk(layers, kinds)]


def reason_against(layers: Sequence[Layer], kinds: Kinds[Any]) -> str | None:
    """Return why `layers` cannot be lowered; None if they can."""
    try:
        list(_walk(layers, kinds))
    except InputError as error:
        return str(error)
    return None


def _walk(layers: Sequence[Layer], kinds: Kinds[Lowered]) -> Iterator[tuple[Callable[[int, Any], Lowered], int]]:
    """Yield, for each layer to lower, its constructor and the offset of its parameters.

    Raises `InputError` at the first layer without a kernel.
    """
    offset = 0
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        if not isinstance(layer, Subsampling):  # a sub-sampling is lowered with the convolution before it
            yield _constructor(layer, following, kinds), offset
        offset += layer.stored


def _constructor(layer: Layer, following: Layer | None, kinds: Kinds[Lowered]) -> Callable[[int, Any], Lowered]:
    if isinstance(layer, EuclideanRBF):
        return partial(kinds.codes, layer)
    if isinstance(layer, FullConnection):
        return partial(kinds.connection, layer)
    if isinstance(layer, Convolution) and layer.is_plain:
        if isinstance(following, Subsampling) and following.pooling in kinds.poolings:
            return partial(kinds.stage, layer, following)
        if isinstance(following, Subsampling):
            layer = following  # the error names the sub-sampling
        elif layer.outputs[1:] == (1, 1) and layer.table is None:
            return partial(kinds.connection, layer)
    raise InputError(f"the halide engine has no kernel for layer {layer.name}, {layer}")
