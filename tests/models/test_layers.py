"""Each kind of layer against plain numpy, its derivative, and what it says of itself.

pytest tests/models/test_layers.py
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet.models.layers import ACTIVATIONS, Convolution, FullConnection, Layer, Subsampling

Array = NDArray[np.float64]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

FORMULAS: dict[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "logistic": lambda x: 1 / (1 + math.exp(-x)),
    "relu": lambda x: max(0, x),
    "celu": lambda x: max(0, x) + min(0, math.exp(x) - 1),
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "hardtanh": lambda x: min(1, max(-1, x)),
    "leaky-relu": lambda x: x if x > 0 else 0.01 * x,
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "relu6": lambda x: min(6, max(0, x)),
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * (math.exp(x) - 1)),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
}

LAYERS: dict[str, Callable[[], Layer]] = {
    "convolution": lambda: Convolution((2, 5, 4), 3, 3, "tanh"),
    "convolution over all": lambda: Convolution((2, 3, 3), 4, 3, "logistic"),
    "maximum": lambda: Subsampling((2, 5, 4), "max"),
    "mean": lambda: Subsampling((2, 5, 4), "mean"),
    "full connection": lambda: FullConnection((2, 3, 2), 4, "tanh"),
    "linear output": lambda: FullConnection((12, 1, 1), 4),
}
INPUTS = {
    "convolution": (2, 5, 4),
    "convolution over all": (2, 3, 3),
    "maximum": (2, 5, 4),
    "mean": (2, 5, 4),
    "full connection": (2, 3, 2),
    "linear output": (12, 1, 1),
}

every_layer = pytest.mark.parametrize("kind", LAYERS)


def made(kind: str) -> tuple[Layer, Tensor]:
    """A layer in double precision with an input of three pictures."""
    torch.manual_seed(0)
    return LAYERS[kind]().double(), torch.randn((3, *INPUTS[kind]), dtype=torch.float64)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_its_formula(name: str) -> None:
    x = np.linspace(-8, 8, 161)
    expected = [FORMULAS[name](value) for value in x.tolist()]
    np.testing.assert_allclose(ACTIVATIONS[name](torch.from_numpy(x)), expected, rtol=1e-12, atol=1e-12)


def test_convolution_is_a_sum_over_kernels() -> None:
    layer, x = made("convolution")
    assert isinstance(layer, Convolution)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (3, 3), axis=(2, 3))
    sums = np.einsum("nchwij,mcij->nmhw", windows, layer.weight.detach().numpy())
    assert layer.bias is not None
    expected = np.tanh(sums + layer.bias.detach().numpy()[:, None, None])
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-12)


@pytest.mark.parametrize(("kind", "reduce"), [("maximum", np.max), ("mean", np.mean)])
def test_subsampling_takes_squares_of_four_and_leaves_an_odd_row_out(kind: str, reduce: Callable[..., Array]) -> None:
    layer, x = made(kind)
    squares = x.numpy()[:, :, :4, :4].reshape(3, 2, 2, 2, 2, 2)
    np.testing.assert_allclose(layer(x), reduce(squares, axis=(3, 5)), rtol=1e-12)


def test_full_connection_is_a_matrix_product() -> None:
    layer, x = made("full connection")
    assert isinstance(layer, FullConnection)
    sums = x.numpy().reshape(3, -1) @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach(), np.tanh(sums), rtol=1e-12)


def test_output_layer_gives_the_sums_themselves() -> None:
    layer, x = made("linear output")
    assert isinstance(layer, FullConnection)
    sums = x.numpy().reshape(3, -1) @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach(), sums, rtol=1e-12)


@every_layer
def test_outputs_are_what_the_layer_says(kind: str) -> None:
    layer, x = made(kind)
    assert layer(x).reshape(3, *layer.outputs).shape[1:] == layer.outputs
    assert layer(x).numel() == 3 * math.prod(layer.outputs)


@every_layer
def test_derivative_is_that_of_finite_differences(kind: str) -> None:
    layer, x = made(kind)
    x = x[:1]
    names = [name for name, _ in layer.named_parameters()]

    def run(x: Tensor, *parameters: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))
        return result

    inputs = [x, *(parameter.detach().clone() for parameter in layer.parameters())]
    assert torch.autograd.gradcheck(run, [tensor.requires_grad_() for tensor in inputs])


@every_layer
def test_connections_are_counted_as_the_paper_does(kind: str) -> None:
    """A unit's connections: the inputs that it sees, and its bias. Seen with all of them equal and positive."""
    layer, _ = made(kind)
    biases = [parameter for name, parameter in layer.named_parameters() if name == "bias"]
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.01)
    x = torch.ones((1, *INPUTS[kind]), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(layer, x)  # type: ignore[no-untyped-call]
    seen = int((jacobian != 0).sum())
    units = math.prod(layer.outputs)
    if kind == "maximum":  # only the greatest passes a gradient on; every unit sees four
        assert (seen, layer.connections) == (units, 4 * units)
    else:
        assert layer.connections == seen + (units if biases else 0)
    assert layer.multiplications == (seen if biases else 0)


@every_layer
def test_parameters_are_counted(kind: str) -> None:
    layer, _ = made(kind)
    expected = {"convolution": 57, "convolution over all": 76, "full connection": 52, "linear output": 52}
    assert layer.parameter_count == expected.get(kind, 0)
