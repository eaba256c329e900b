"""Each kind of layer against plain numpy, its derivative, and what it says of itself.

pytest tests/models/test_layers.py
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from lenet.models.activations import ACTIVATIONS
from lenet.models.codes import CODES
from lenet.models.layers import Convolution, FullConnection, Layer, Subsampling
from lenet.models.output import EuclideanRBF
from lenet.models.tables import Table

Array = NDArray[np.float64]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

FORMULAS: dict[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "scaled-tanh": lambda x: 1.7159 * math.tanh(2 / 3 * x),
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

SOME: Table = ((True, False), (True, True), (False, True))  # three maps, from two below

LAYERS: dict[str, Callable[[], Layer]] = {
    "convolution": lambda: Convolution((2, 5, 4), 3, 3, "tanh"),
    "convolution over all": lambda: Convolution((2, 3, 3), 4, 3, "logistic"),
    "convolution by a table": lambda: Convolution((2, 5, 4), 3, 3, "tanh", table=SOME),
    "convolution over all by a table": lambda: Convolution((2, 3, 3), 3, 3, "tanh", table=SOME),
    "convolution of 1989": lambda: Convolution(
        (2, 5, 4), 3, 3, "tanh", table=SOME, stride=2, padding=1, shared_bias=False
    ),
    "maximum": lambda: Subsampling((2, 5, 4), "max"),
    "mean": lambda: Subsampling((2, 5, 4), "mean"),
    "trainable mean": lambda: Subsampling((2, 5, 4), "trainable-mean", "scaled-tanh"),
    "trainable sum": lambda: Subsampling((2, 5, 4), "trainable-sum", "scaled-tanh"),
    "full connection": lambda: FullConnection((2, 3, 2), 4, "tanh"),
    "linear output": lambda: FullConnection((12, 1, 1), 4),
    "RBF output": EuclideanRBF,
}
INPUTS = {
    "convolution over all": (2, 3, 3),
    "convolution over all by a table": (2, 3, 3),
    "full connection": (2, 3, 2),
    "linear output": (12, 1, 1),
    "RBF output": (84, 1, 1),
}
INPUTS |= {kind: (2, 5, 4) for kind in LAYERS if kind not in INPUTS}

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
    expected = np.tanh(sums + layer.bias.detach().numpy()[:, None, None])
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["convolution by a table", "convolution over all by a table"])
def test_convolution_by_a_table_sums_over_the_connected_maps(kind: str) -> None:
    layer, x = made(kind)
    assert isinstance(layer, Convolution)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (3, 3), axis=(2, 3))
    sums = np.zeros((3, *layer.outputs)) + layer.bias.detach().numpy()[:, None, None]
    for place, seen in enumerate(SOME):
        for below in np.flatnonzero(seen):
            sums[:, place] += np.einsum("nhwij,ij->nhw", windows[:, below], layer.weight[place, below].detach().numpy())
    np.testing.assert_allclose(layer(x).detach(), np.tanh(sums), rtol=1e-12)


def test_convolution_of_1989_makes_steps_of_two_over_background_with_a_bias_for_each_unit() -> None:
    layer, x = made("convolution of 1989")
    assert isinstance(layer, Convolution)
    with torch.no_grad():
        layer.bias.normal_()
    assert layer.outputs == layer.bias.shape == (3, 3, 2)
    weight, bias = layer.weight.tolist(), layer.bias.tolist()
    expected = np.zeros((3, 3, 3, 2))
    for n, m, h, w in np.ndindex(expected.shape):
        total = bias[m][h][w]
        for below, i, j in np.ndindex(2, 3, 3):
            row, column = 2 * h + i - 1, 2 * w + j - 1
            inside = 0 <= row < 5 and 0 <= column < 4
            if SOME[m][below]:
                total += weight[m][below][i][j] * (float(x[n, below, row, column]) if inside else -1)
        expected[n, m, h, w] = math.tanh(total)
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if "table" in kind or "1989" in kind])
def test_absent_connections_learn_nothing_and_change_nothing(kind: str) -> None:
    layer, x = made(kind)
    assert isinstance(layer, Convolution)
    absent = ~torch.tensor(SOME)
    before = layer(x)
    (before * torch.randn_like(before)).sum().backward()
    assert layer.weight.grad is not None
    assert not layer.weight.grad[absent].any()
    assert layer.weight.grad[~absent].all()
    with torch.no_grad():
        layer.weight[absent] = 1e6
    assert torch.equal(layer(x), before)
    assert set(dict(layer.named_parameters())) == set(layer.state_dict()) == {"weight", "bias"}


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_a_table_in_which_nothing_is_absent_is_none(below: int, maps: int, kernel: int, shared: bool) -> None:
    plain, tabled = (
        Convolution((below, 5, 5), maps, kernel, "tanh", table=table, shared_bias=shared)
        for table in (None, ((True,) * below,) * maps)
    )
    plain.load_state_dict(tabled.state_dict())
    x = torch.randn(2, below, 5, 5)
    assert torch.equal(plain(x), tabled(x))
    for count in ("parameter_count", "connections", "multiplications", "fan_in", "fan_out", "outputs"):
        assert getattr(plain, count) == getattr(tabled, count)


def test_fan_in_is_what_a_unit_sees() -> None:
    assert Convolution((2, 5, 4), 3, 3, "tanh", table=SOME).fan_in == [9, 18, 9]
    assert Convolution((2, 5, 4), 3, 3, "tanh").fan_in == [18] * 3
    assert Subsampling((2, 5, 4), "trainable-sum").fan_in == [4, 4]
    assert FullConnection((2, 3, 2), 4).fan_in == [12] * 4


def test_fan_out_is_where_an_input_goes() -> None:
    assert Convolution((2, 5, 4), 3, 3, "tanh").fan_out == 27
    assert Convolution((2, 5, 4), 3, 3, "tanh", table=SOME).fan_out == 18  # each to two of the three maps
    assert Convolution((2, 5, 4), 3, 4, "tanh", stride=2, padding=1).fan_out == 12  # to 2 x 2 places of each
    assert Convolution((2, 3, 3), 4, 3, "tanh").fan_out == FullConnection((2, 3, 3), 4).fan_out == 4
    assert Subsampling((2, 5, 4), "trainable-sum").fan_out == 1


@pytest.mark.parametrize(("kind", "share"), [("trainable mean", 1 / 4), ("trainable sum", 1)])
def test_trainable_subsampling_is_a_coefficient_a_bias_and_a_squash(kind: str, share: float) -> None:
    layer, x = made(kind)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()
    weight, bias = (parameter.tolist() for parameter in layer.parameters())
    expected = np.zeros((3, 2, 2, 2))
    for n, m, h, w in np.ndindex(expected.shape):
        four = [float(x[n, m, 2 * h + i, 2 * w + j]) for i in (0, 1) for j in (0, 1)]
        expected[n, m, h, w] = 1.7159 * math.tanh(2 / 3 * (weight[m] * share * sum(four) + bias[m]))
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-12)


def test_rbf_output_is_minus_the_squared_distance_to_each_code() -> None:
    layer, x = made("RBF output")
    expected = [
        [-sum((value - bit) ** 2 for value, bit in zip(picture, code, strict=True)) for code in CODES]
        for picture in x.flatten(1).tolist()
    ]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12)
    assert torch.equal(layer(x.flatten(1)), layer(x))
    assert layer(torch.tensor(CODES).double()).argmax(1).tolist() == list(range(10))
    assert not layer.state_dict()


def test_scaled_tanh_is_one_at_one_and_bends_most_there() -> None:
    x = torch.linspace(0, 3, 301, dtype=torch.float64, requires_grad=True)
    y = ACTIVATIONS["scaled-tanh"](x)
    assert y[100].item() == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(ACTIVATIONS["scaled-tanh"](-x), -y)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x)
    assert x[bend.abs().argmax()].item() == pytest.approx(1, abs=0.02)


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
    biased = any(name == "bias" for name, _ in layer.named_parameters())
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.01)
    x = torch.full((1, *INPUTS[kind]), 0.5, dtype=torch.float64)
    seen = int((torch.autograd.functional.jacobian(layer, x) != 0).sum())  # type: ignore[no-untyped-call]
    units = math.prod(layer.outputs)
    if kind == "maximum":  # only the greatest passes a gradient on; every unit sees four
        assert seen == units
        seen = 4 * units
    if kind == "convolution of 1989":  # the background is seen too
        assert seen < 6 * 9 * 4
        seen = 6 * 9 * 4
    assert layer.connections == seen + biased * units
    if isinstance(layer, Subsampling):
        assert layer.multiplications == biased * units
    else:
        assert layer.multiplications == seen


@every_layer
def test_parameters_are_counted(kind: str) -> None:
    layer, _ = made(kind)
    expected = {
        "convolution": 57,
        "convolution over all": 76,
        "convolution by a table": 39,
        "convolution over all by a table": 39,
        "convolution of 1989": 54,
        "trainable mean": 4,
        "trainable sum": 4,
        "full connection": 52,
        "linear output": 52,
    }
    assert layer.parameter_count == expected.get(kind, 0)
