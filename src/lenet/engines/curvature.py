"""The diagonal of the second derivatives, as the 1998 paper estimates it (appendix C).

It goes back through the layers as a gradient does, with every slope, weight and input squared (eq. 25 and 27): what the
second derivative of the squashing function adds, which may be negative, is left out (Gauss and Newton's approximation),
and so is all that is off the diagonal. A parameter's own is the sum over the connections that share it (eq. 23).
"""

from __future__ import annotations

from functools import singledispatch

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

from lenet.engines.losses import Criterion
from lenet.errors import InputError
from lenet.models.layers import Convolution, FullConnection, Layer, Subsampling
from lenet.models.network import Network


def curvature(network: Network, x: Tensor, labels: Tensor, loss: Criterion) -> list[Tensor]:
    """The mean second derivative of the loss by each parameter, in order, each in the parameter's shape; none negative.

    `x` `(N, C, H, W)` is the input and `labels` `(N,)` the classes of the pictures that it is estimated from. Raises
    `InputError` that names the first layer that it cannot go back through.
    """
    layers = list(network.layers.items())
    fixed = None if layers[-1][1].parameter_count else layers.pop()[1]
    inputs, sums = [], []
    with torch.no_grad():
        for _, layer in layers:
            inputs.append(x)
            sums.append(layer.sums(x))
            x = layer.squash(sums[-1])
    h = _start(fixed, x, labels, loss)
    found: dict[str, Tensor] = {}
    for (name, layer), below, a in reversed(list(zip(layers, inputs, sums, strict=True))):
        h = h * _slope(layer, a).square()
        found |= {f"{name}.{parameter}": total for parameter, total in by_parameters(layer, below, h).items()}
        if layer is not layers[0][1]:  # nobody asks for those by the pixels
            h = by_inputs(layer, below, h)
    return [found[name] / len(labels) for name, _ in network.named_parameters()]


def _start(output: Layer | None, units: Tensor, labels: Tensor, loss: Criterion) -> Tensor:
    """Of each picture's loss by each of the highest units that learn, exactly: its Hessian's diagonal.

    The loss's curvature by the scores, seen through the output (the chain rule for second derivatives). No score of an
    `output` may bend by two units at once, so that one way back finds how it bends by each.
    """
    units = units.detach().requires_grad_()
    scores = output(units) if output else units
    free = scores.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(free, labels) * len(labels), free, create_graph=True)
    gradient = (gradient + 0 * free).flatten(1)  # a loss that is linear in the scores has no way back of its own
    seconds = torch.stack([_by(column, free) for column in gradient.sum(0)], 1)
    if output is None:
        return seconds.diagonal(dim1=1, dim2=2).reshape(units.shape)
    slopes = [torch.autograd.grad(score, units, create_graph=True)[0] for score in scores.sum(0)]
    bends = torch.stack([_by(slope.sum(), units) for slope in slopes], 1)
    by_unit = torch.stack([slope.detach().flatten(1) for slope in slopes], 1)
    diagonal = ((seconds @ by_unit) * by_unit).sum(1) + (gradient.detach()[:, :, None] * bends).sum(1)
    return diagonal.view_as(units)


def _by(value: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(value, x, retain_graph=True)[0].flatten(1)


def _slope(layer: Layer, a: Tensor) -> Tensor:
    """The derivative of the layer's squashing function at its sums `a`."""
    a = a.detach().requires_grad_()
    return torch.autograd.grad(layer.squash(a).sum(), a)[0]


@singledispatch
def by_parameters(layer: Layer, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    """From the second derivatives by a layer's sums to those by its parameters, of all pictures together."""
    raise InputError(f"the second derivatives have no way back through {layer}")


@singledispatch
def by_inputs(layer: Layer, x: Tensor, h: Tensor) -> Tensor:
    """From the second derivatives by a layer's sums to those by its inputs `x`."""
    raise InputError(f"the second derivatives have no way back through {layer}")


@by_parameters.register
def _(layer: Convolution, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    weight = conv2d_weight(layer.framed(x).square(), layer.weight.shape, h, layer.stride)  # type: ignore[no-untyped-call]
    weight = weight if layer.connected is None else weight * layer.connected
    return {"weight": weight, "bias": h.sum((0, 2, 3) if layer.shared_bias else 0)}


@by_inputs.register
def _(layer: Convolution, x: Tensor, h: Tensor) -> Tensor:
    weight = layer.connected_weight.detach().square()
    below: Tensor = conv2d_input(x.shape, weight, h, layer.stride, layer.margin)  # type: ignore[no-untyped-call]
    return below


@by_parameters.register
def _(layer: FullConnection, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    return {"weight": h.T @ x.flatten(1).square(), "bias": h.sum(0)}


@by_inputs.register
def _(layer: FullConnection, x: Tensor, h: Tensor) -> Tensor:
    return (h @ layer.weight.detach().square()).view_as(x)


@by_parameters.register
def _(layer: Subsampling, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    """The four inputs of a unit are added up before the coefficient, of which their sum or mean is the one input."""
    if not layer.trainable:
        return {}
    return {"weight": (h * layer.pool(x).square()).sum((0, 2, 3)), "bias": h.sum((0, 2, 3))}


@by_inputs.register
def _(layer: Subsampling, x: Tensor, h: Tensor) -> Tensor:
    inputs = x.detach().requires_grad_()
    share = torch.autograd.grad(layer.pool(inputs).sum(), inputs)[0]
    _, _, height, width = x.shape
    if layer.trainable:
        h = h * layer.weight.detach().square()[:, None, None]
    four = F.interpolate(h, scale_factor=2)
    return F.pad(four, (0, width - four.shape[3], 0, height - four.shape[2])) * share.square()
