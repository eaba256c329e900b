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

By = dict[str, Tensor]  # for each parameter of a layer, by name


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
    by_name: By = {}
    for (name, layer), below, a in reversed(list(zip(layers, inputs, sums, strict=True))):
        h, by = back(layer, below, h * _slope(layer, a).square())
        by_name |= {f"{name}.{parameter}": total / len(labels) for parameter, total in by.items()}
    return [by_name[name] for name, _ in network.named_parameters()]


def _start(output: Layer | None, units: Tensor, labels: Tensor, loss: Criterion) -> Tensor:
    """Of each picture's loss by each of the highest units that learn, exactly: its Hessian's diagonal."""
    units = units.detach().requires_grad_()
    total = loss(output(units) if output else units, labels) * len(labels)
    (gradient,) = torch.autograd.grad(total, units, create_graph=True)
    by_unit = gradient.flatten(1).sum(0)  # of all pictures at once, as none depends on another's units
    seconds = [torch.autograd.grad(by_unit[place], units, retain_graph=True)[0] for place in range(len(by_unit))]
    diagonal = [second.flatten(1)[:, place] for place, second in enumerate(seconds)]
    return torch.stack(diagonal, 1).view_as(units)


def _slope(layer: Layer, a: Tensor) -> Tensor:
    """The derivative of the layer's squashing function at its sums `a`."""
    a = a.detach().requires_grad_()
    return torch.autograd.grad(layer.squash(a).sum(), a)[0]


@singledispatch
def back(layer: Layer, x: Tensor, h: Tensor) -> tuple[Tensor, By]:
    """From the second derivatives by a layer's sums to those by its inputs `x`, and by its parameters (their total)."""
    raise InputError(f"the second derivatives have no way back through {layer}")


@back.register
def _(layer: Convolution, x: Tensor, h: Tensor) -> tuple[Tensor, By]:
    weight = layer.connected_weight.detach().square()
    below = conv2d_input(x.shape, weight, h, layer.stride, layer.margin)  # type: ignore[no-untyped-call]
    framed = layer.framed(x).square()
    by_weight = conv2d_weight(framed, weight.shape, h, layer.stride)  # type: ignore[no-untyped-call]
    by_weight = by_weight if layer.connected is None else by_weight * layer.connected
    return below, {"weight": by_weight, "bias": h.sum((0, 2, 3) if layer.shared_bias else 0)}


@back.register
def _(layer: FullConnection, x: Tensor, h: Tensor) -> tuple[Tensor, By]:
    below = h @ layer.weight.detach().square()
    return below.view_as(x), {"weight": h.T @ x.flatten(1).square(), "bias": h.sum(0)}


@back.register
def _(layer: Subsampling, x: Tensor, h: Tensor) -> tuple[Tensor, By]:
    """Each of the four inputs of a unit is a connection of its own, also by the coefficient that they share."""
    inputs = x.detach().requires_grad_()
    share = torch.autograd.grad(layer.pool(inputs).sum(), inputs)[0].square()
    _, _, height, width = x.shape
    four = F.interpolate(h, scale_factor=2)
    four = F.pad(four, (0, width - four.shape[3], 0, height - four.shape[2])) * share
    if not layer.trainable:
        return four, {}
    below = four * layer.weight.detach().square()[:, None, None]
    return below, {"weight": (four * x.square()).sum((0, 2, 3)), "bias": h.sum((0, 2, 3))}
