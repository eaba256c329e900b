"""The walk along a network's list of layers, which lowers each of them to kernels or says that it has none.

A lowered layer has two methods. `forward` takes the units below and returns the layer's own. `backward` takes the
gradient with respect to the layer's *sums*. It adds the gradients with respect to the parameters to the plan, and
returns the gradient with respect to the sums of the layer below; the lowest layer returns None. Nothing is computed
yet: both methods only write down a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.errors import InputError
from lenet.models.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling

Lowered = TypeVar("Lowered")


@dataclass(frozen=True)
class Kinds(Generic[Lowered]):
    """The constructors of an engine's lowered layers, and the poolings that its stages can compute.

    Each constructor takes the layer's record, the offset of its parameters among all parameters (0 for the lowest
    layer), and the plan. A `stage` is a convolution with the sub-sampling after it, so it takes both records. A
    `connection` is a layer whose units see all the units below: F6, most outputs, and C5, whose kernels cover the whole
    maps below. The `codes` are the RBF output.
    """

    stage: Callable[[Convolution, Subsampling, int, Any], Lowered]
    connection: Callable[[Convolution | FullConnection, int, Any], Lowered]
    codes: Callable[[EuclideanRBF, int, Any], Lowered]
    poolings: tuple[str, ...]


def lower(layers: Sequence[Layer], kinds: Kinds[Lowered], plan: Any) -> list[Lowered]:
    """Return the `layers`, lowered in order. Raises `InputError` that names the first one without a kernel."""
    return [make(offset, plan) for make, offset in _walk(layers, kinds)]


def reason_against(layers: Sequence[Layer], kinds: Kinds[Any]) -> str | None:
    """Return why `layers` cannot be lowered; None if they can."""
    try:
        list(_walk(layers, kinds))
    except InputError as error:
        return str(error)
    return None


def _walk(layers: Sequence[Layer], kinds: Kinds[Lowered]) -> Iterator[tuple[Callable[[int, Any], Lowered], int]]:
    """Yield a constructor for each lowered layer, with the offset of its parameters."""
    offset = 0
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        if not isinstance(layer, Subsampling):  # a sub-sampling is lowered with the convolution before it
            yield _constructor(layer, following, kinds), offset
        offset += layer.stored


def _constructor(layer: Layer, following: Layer | None, kinds: Kinds[Lowered]) -> Callable[[int, Any], Lowered]:
    if isinstance(layer, EuclideanRBF):
        return partial(kinds.codes, layer)
    if isinstance(layer, FullConnection) and layer.activation in ACTIVATIONS:
        return partial(kinds.connection, layer)
    if isinstance(layer, Convolution) and layer.activation in ACTIVATIONS and layer.is_plain:
        if isinstance(following, Subsampling) and following.pooling in kinds.poolings:
            return partial(kinds.stage, layer, following)
        if isinstance(following, Subsampling):
            layer = following  # the error names the sub-sampling
        elif layer.outputs[1:] == (1, 1) and layer.table is None:
            return partial(kinds.connection, layer)
    raise InputError(f"the halide engine has no kernel for layer {layer.name}, {layer}")
