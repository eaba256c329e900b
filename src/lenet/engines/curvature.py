"""The diagonal of the Hessian of the loss, as the 1998 paper estimates it (appendix C).

It is propagated back through the layers like a gradient, but with every slope, weight and input squared (eq. 25 and
27). Everything off the diagonal is left out. The term with the second derivative of the squashing function is left out,
too, because it may be negative (the Gauss-Newton approximation). Through an RBF output, however, the way back is exact.
The second derivative with respect to a shared parameter is the sum over the connections that share it (eq. 23).
"""

from __future__ import annotations

from functools import singledispatch

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

from lenet.engines.losses import Criterion
from lenet.errors import InputError
from lenet.models.modules import ConvolutionModule, FullConnectionModule, LayerModule, SubsamplingModule
from lenet.models.network import Network


def curvature(network: Network, x: Tensor, labels: Tensor, loss: Criterion) -> list[Tensor]:
    """Estimate the second derivative of `loss` with respect to each parameter of `network`, as the mean over pictures.

    The tensors returned have the order and the shapes of `network.parameters()`. For the losses of
    `lenet.engines.losses`, their numbers are not negative, except by rounding. `x` `(N, C, H, W)` are the network's
    inputs, and `labels` `(N,)` the classes. Raises `InputError`, which names the layer, for a kind of layer that is not
    registered here; a last layer without parameters need not be.
    """
    with torch.no_grad():
        traces = network.trace(x)
    inputs = dict(zip(traces, [x, *(trace.units for trace in traces.values())], strict=False))
    modules = list(network.layers.items())
    fixed = None if modules[-1][1].layer.parameters else modules.pop()[1]
    h = _start(fixed, traces[modules[-1][0]].units, labels, loss)
    found: dict[str, Tensor] = {}
    for name, module in reversed(modules):
        below = inputs[name]
        h = h * _slope(module, traces[name].sums).square()
        found |= {f"{name}.{parameter}": total for parameter, total in by_parameters(module, below, h).items()}
        if name != modules[0][0]:  # the pixels need no second derivatives
            h = by_inputs(module, below, h)
    return [found[name] / len(labels) for name, _ in network.named_parameters()]


def _start(output: LayerModule | None, units: Tensor, labels: Tensor, loss: Criterion) -> Tensor:
    """Return the diagonal of the Hessian of each picture's loss with respect to `units`, in the shape of `units`.

    Without `output`, the `units` are the logits. Otherwise `output` is a fixed last layer that takes the `units`, and
    the chain rule for second derivatives leads from the logits back to them. The Hessian of each logit with respect to
    the `units` is assumed to be diagonal, as it is for the RBF output. Then one backward pass gives the second
    derivatives of a logit, and the result is exact.
    """
    units = units.detach().requires_grad_()
    logits = output(units) if output else units
    free = logits.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(free, labels) * len(labels), free, create_graph=True)
    gradient = (gradient + 0 * free).flatten(1)  # autograd cannot go back from a loss that is linear in the logits
    seconds = torch.stack([_gradient(column, free) for column in gradient.sum(0)], 1)
    if output is None:
        return seconds.diagonal(dim1=1, dim2=2).reshape(units.shape)
    slopes = [torch.autograd.grad(logit, units, create_graph=True)[0] for logit in logits.sum(0)]
    bends = torch.stack([_gradient(slope.sum(), units) for slope in slopes], 1)
    jacobian = torch.stack([slope.detach().flatten(1) for slope in slopes], 1)
    diagonal = ((seconds @ jacobian) * jacobian).sum(1) + (gradient.detach()[:, :, None] * bends).sum(1)
    return diagonal.view_as(units)


def _gradient(value: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(value, x, retain_graph=True)[0].flatten(1)


def _slope(module: LayerModule, a: Tensor) -> Tensor:
    """Return the derivative of the layer's squashing function at the sums `a`; 1 if the layer has none."""
    a = a.detach().requires_grad_()
    return torch.autograd.grad(module.squash(a).sum(), a)[0]


@singledispatch
def by_parameters(module: LayerModule, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    """Return the second derivatives of the loss with respect to the parameters of `module`, by name.

    They are summed over the pictures. `x` are the layer's inputs, and `h` are the second derivatives with respect to
    the layer's sums. Raises `InputError` for a kind of layer that is not registered here.
    """
    raise InputError(f"the second derivatives have no way back through {module.layer.name}, {module.layer}")


@singledispatch
def by_inputs(module: LayerModule, x: Tensor, h: Tensor) -> Tensor:
    """Return the second derivatives of the loss with respect to the inputs `x` of `module`, in the shape of `x`.

    `h` are the second derivatives with respect to the layer's sums. Raises `InputError` for a kind of layer that is not
    registered here.
    """
    raise InputError(f"the second derivatives have no way back through {module.layer.name}, {module.layer}")


@by_parameters.register
def _(module: ConvolutionModule, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    layer = module.layer
    weight = conv2d_weight(module.framed(x).square(), module.weight.shape, h, layer.stride)  # type: ignore[no-untyped-call]
    weight = weight if module.connected is None else weight * module.connected
    return {"weight": weight, "bias": h.sum((0, 2, 3) if layer.shared_bias else 0)}


@by_inputs.register
def _(module: ConvolutionModule, x: Tensor, h: Tensor) -> Tensor:
    weight = module.connected_weight.detach().square()
    below: Tensor = conv2d_input(x.shape, weight, h, module.layer.stride, module.layer.padding)  # type: ignore[no-untyped-call]
    return below


@by_parameters.register
def _(module: FullConnectionModule, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    return {"weight": h.T @ x.flatten(1).square(), "bias": h.sum(0)}


@by_inputs.register
def _(module: FullConnectionModule, x: Tensor, h: Tensor) -> Tensor:
    return (h @ module.weight.detach().square()).view_as(x)


@by_parameters.register
def _(module: SubsamplingModule, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    if not module.layer.trainable:
        return {}
    # a coefficient has one input, the mean or the sum of the four units below, so that is squared
    return {"weight": (h * module.pool(x).square()).sum((0, 2, 3)), "bias": h.sum((0, 2, 3))}


@by_inputs.register
def _(module: SubsamplingModule, x: Tensor, h: Tensor) -> Tensor:
    inputs = x.detach().requires_grad_()
    share = torch.autograd.grad(module.pool(inputs).sum(), inputs)[0]
    _, _, height, width = x.shape
    if module.layer.trainable:
        h = h * module.weight.detach().square()[:, None, None]
    four = F.interpolate(h, scale_factor=2)
    return F.pad(four, (0, width - four.shape[3], 0, height - four.shape[2])) * share.square()
