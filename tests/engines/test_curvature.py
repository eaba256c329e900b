"""The second derivatives of the 1998 method agree with brute force over whole Jacobians, in float64.

pytest tests/engines/test_curvature.py
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import hessian, jacobian

from lenet.engines.curvature import curvature
from lenet.engines.losses import Criterion, make_loss
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.layers import Convolution, Layer, Shape
from lenet.models.modules import ConvolutionModule, EuclideanRBFModule, LayerModule, make_module
from lenet.models.network import Network, build

SMALL: dict[str, dict[str, object]] = {
    "lenet5-1998": {},
    "mean": {"pooling": "mean", "output": "linear"},
    "max": {"pooling": "max", "output": "linear", "activation": "tanh", "input_size": 17},
    "sum": {"pooling": "trainable-sum"},
    "1989": {"pooling": "none", "biases": "unshared", "output": "squashed", "table": "full"},
}
LOSS = {"linear": "cross-entropy", "squashed": "squared-error", "rbf": "map"}


def small(name: str) -> tuple[Network, Criterion]:
    """Return a network of the kind `name` in float64, and its loss; C3 sees six maps, as in the table."""
    usual: dict[str, object] = {"input_size": 16, "kernels": (3, 3), "hidden": (5, 84)}
    network = build("lenet5-1998", seed=3, **(usual | SMALL[name])).double()  # type: ignore[arg-type]
    return network, make_loss(Method(loss=LOSS[network.spec.architecture.output], rubbish=60.0))  # type: ignore[arg-type]


def pictures(network: Network, count: int = 2) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    size = network.spec.architecture.input_size
    return torch.randn(count, 1, size, size, generator=random, dtype=torch.float64), torch.arange(count) + 4


def brute_force(network: Network, x: Tensor, label: Tensor, loss: Criterion) -> dict[str, Tensor]:
    """Apply eq. 23 to 27 to one picture, by whole Jacobians of all sums with respect to all inputs and all weights."""
    with torch.no_grad():
        traces = network.trace(x)
    modules = list(network.layers.items())
    head = modules.pop()[1] if not modules[-1][1].layer.parameters else None
    below = [x, *(traces[name].units for name, _ in modules)]
    units = below.pop()
    last = hessian(lambda u: loss(head(u) if head else u, label), units)  # type: ignore[no-untyped-call]
    h = last.reshape(units.numel(), units.numel()).diagonal()
    found: dict[str, Tensor] = {}
    for (name, module), inputs in zip(reversed(modules), reversed(below), strict=True):
        h = h * matrix(module.squash, traces[name].sums).diagonal() ** 2
        for parameter, value in module.named_parameters():
            found[f"{name}.{parameter}"] = for_parameter(module, parameter, value.detach(), inputs, h)
        h = (matrix(module.sums, inputs) ** 2).T @ h
    return found


def for_parameter(module: LayerModule, name: str, value: Tensor, inputs: Tensor, h: Tensor) -> Tensor:
    def sums(parameter: Tensor) -> Tensor:
        twin = deepcopy(module)
        del twin._parameters[name]
        setattr(twin, name, parameter)
        return twin.sums(inputs)

    return (matrix(sums, value) ** 2).T.matmul(h).view_as(value)


def matrix(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Return the Jacobian `(outputs, inputs)` of `function` at the inputs `at`."""
    derivatives: Tensor = jacobian(function, at)  # type: ignore[no-untyped-call]
    return derivatives.reshape(-1, at.numel())


@pytest.mark.parametrize("name", SMALL)
def test_the_diagonal_is_that_of_brute_force(name: str) -> None:
    network, loss = small(name)
    x, labels = pictures(network)
    each = [brute_force(network, x[i : i + 1], labels[i : i + 1], loss) for i in range(len(x))]
    found = curvature(network, x, labels, loss)
    for (parameter, value), h in zip(network.named_parameters(), found, strict=True):
        expected = sum(one[parameter] for one in each) / len(each)
        assert h.shape == value.shape
        assert (h >= 0).all()
        torch.testing.assert_close(h, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("j", [1.0, 60.0])
def test_it_begins_as_the_fact_sheet_says(j: float) -> None:
    """The second derivatives with respect to F6's biases have a closed form.

    They are the slope squared, times 2 for eq. 8, and times 2 (1 - sum p) + 4 (sum p d^2 - (sum p d)^2) for eq. 9.
    """
    network, _ = small("lenet5-1998")
    x, labels = pictures(network, 1)
    f6, output = network.trace(x)["f6"].units, network.layers["output"]
    slope_squared = ((2 / 3) * (1.7159 - f6**2 / 1.7159)) ** 2
    assert isinstance(output, EuclideanRBFModule)
    offsets = f6[0] - output.codes
    weights = torch.exp(-offsets.square().sum(1))
    p = (weights / (weights.sum() + torch.exp(torch.tensor(-j, dtype=torch.float64))))[:, None]
    for_units = 2 * (1 - p.sum()) + 4 * ((p * offsets**2).sum(0) - (p * offsets).sum(0) ** 2)
    for loss, expected in (("map", for_units), ("distance", torch.full((84,), 2.0, dtype=torch.float64))):
        *_, bias = curvature(network, x, labels, make_loss(Method(loss=loss, rubbish=j)))  # type: ignore[arg-type]
        torch.testing.assert_close(bias, (slope_squared * expected)[0].detach(), rtol=1e-9, atol=1e-12)


def test_what_is_not_connected_has_none() -> None:
    network, loss = small("lenet5-1998")
    by_name = dict(zip(dict(network.named_parameters()), curvature(network, *pictures(network), loss), strict=True))
    c3, h = network.layers["c3"], by_name["c3.weight"]
    assert isinstance(c3, ConvolutionModule)
    assert c3.connected is not None
    assert ((h > 0) == c3.connected.expand_as(h)).all()


@dataclass(frozen=True)
class Reversal(Layer):
    def __str__(self) -> str:
        return "a reversal"

    @property
    def outputs(self) -> Shape:
        return self.inputs


class ReversalModule(LayerModule):
    def sums(self, x: Tensor) -> Tensor:
        return x.flip(1)


def test_a_layer_of_another_kind_is_named() -> None:
    network, loss = small("lenet5-1998")
    c5 = network.layers["c5"].layer
    assert isinstance(c5, Convolution)
    network.c5 = make_module(replace(c5, maps=84)).double()
    network.f6 = ReversalModule(Reversal("f6", (84, 1, 1)))
    with pytest.raises(InputError, match=r"^the second derivatives have no way back through f6, a reversal$"):
        curvature(network, *pictures(network), loss)
