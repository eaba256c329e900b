"""The walk along a network's layers, which lowers them (makes kernels of them).

A lowered layer has two methods. `forward` takes the units below and returns the layer's units. `backward` takes the
gradient with respect to the layer's *sums*. It adds the gradients with respect to the parameters to the plan, and
returns the gradient with respect to the sums of the layer below; the lowest layer returns None. Nothing is computed
yet: both methods only describe a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lenet.models.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling

Lowered = TypeVar("Lowered")


@dataclass(frozen=True)
class Kinds(Generic[Lowered]):
    """The constructors of an engine's lowered layers.

    Each constructor takes the layer's record, the offset of its parameters among all parameters (0 for the lowest
    layer), and the plan. `convolution` makes a convolution without sub-sampling. `largest` and `mean` make one with the
    sub-sampling after it, so they take two records: `largest` for maximum pooling, and `mean` for a mean or a sum.
    `connection` makes a layer whose units see all the units below: F6, most output layers, and C5 (its kernels cover
    the whole maps below). `codes` makes the RBF output.
    """

    convolution: Callable[[Convolution, int, Any], Lowered]
    largest: Callable[[Convolution, Subsampling, int, Any], Lowered]
    mean: Callable[[Convolution, Subsampling, int, Any], Lowered]
    connection: Callable[[Convolution | FullConnection, int, Any], Lowered]
    codes: Callable[[EuclideanRBF, int, Any], Lowered]


def lower(layers: Sequence[Layer], kinds: Kinds[Lowered], plan: Any) -> list[Lowered]:
    """Return the `layers`, lowered in order by the constructors `kinds`, each with the `plan`."""
    lowered, offset = [], 0
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        match layer:
            case EuclideanRBF():
                lowered.append(kinds.codes(layer, offset, plan))
            case FullConnection() | Convolution(sees_all=True):
                lowered.append(kinds.connection(layer, offset, plan))
            case Convolution() if isinstance(following, Subsampling):
                stage = kinds.largest if following.pooling == "max" else kinds.mean
                lowered.append(stage(layer, following, offset, plan))
            case Convolution():
                lowered.append(kinds.convolution(layer, offset, plan))
            case Subsampling():
                pass  # it is lowered with the convolution before it
            case _:
                raise TypeError(f"there is no kernel for a layer of the kind {layer.kind}")
        offset += layer.stored
    return lowered
