"""Each kind of layer agrees with plain numpy, with finite differences, and with what its record says of it.

pytest tests/models/test_layers.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from lenet.models.activations import ACTIVATIONS, Activation
from lenet.models.codes import CODES
from lenet.models.layers import Convolution, EuclideanRBF, FullConnection, Layer, Subsampling
from lenet.models.modules import (
    SQUASH,
    ConvolutionModule,
    EuclideanRBFModule,
    FullConnectionModule,
    LayerModule,
    SubsamplingModule,
    make_module,
)
from lenet.models.tables import Table
from lenet.models.zoo import specify

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

SOME: Table = ((True, False), (True, True), (False, True))  # three maps above two

LAYERS: dict[str, Layer] = {
    "convolution": Convolution("c1", (2, 5, 4), 3, 3, "tanh"),
    "convolution over all": Convolution("c5", (2, 3, 3), 4, 3, "logistic"),
    "convolution by a table": Convolution("c3", (2, 5, 4), 3, 3, "tanh", table=SOME),
    "convolution over all by a table": Convolution("c3", (2, 3, 3), 3, 3, "tanh", table=SOME),
    "convolution of 1989": Convolution(
        "c2", (2, 5, 4), 3, 3, "tanh", table=SOME, stride=2, padding=1, shared_bias=False
    ),
    "maximum": Subsampling("s2", (2, 5, 4), "max", "tanh"),
    "mean": Subsampling("s2", (2, 5, 4), "mean", "tanh"),
    "trainable mean": Subsampling("s2", (2, 5, 4), "trainable-mean", "scaled-tanh"),
    "trainable sum": Subsampling("s2", (2, 5, 4), "trainable-sum", "scaled-tanh"),
    "full connection": FullConnection("f6", (2, 3, 2), 4, "tanh"),
    "linear output": FullConnection("output", (12, 1, 1), 4),
    "RBF output": EuclideanRBF("output", (84, 1, 1)),
}
MODULES: dict[type[Layer], type[LayerModule]] = {
    Convolution: ConvolutionModule,
    Subsampling: SubsamplingModule,
    FullConnection: FullConnectionModule,
    EuclideanRBF: EuclideanRBFModule,
}

every_layer = pytest.mark.parametrize("kind", LAYERS)


def made(kind: str) -> tuple[LayerModule, Tensor]:
    """Return the module of a layer in double precision, its weights drawn, with an input of three pictures."""
    random = torch.Generator().manual_seed(0)
    module = make_module(LAYERS[kind]).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=random)
    return module, torch.randn((3, *LAYERS[kind].inputs), dtype=torch.float64, generator=random)


def arrays(module: LayerModule) -> tuple[Array, Array]:
    """Return the weights and the biases of `module`."""
    weight, bias = (parameter.detach().numpy() for parameter in module.parameters())
    return weight, bias


def test_every_activation_has_its_function() -> None:
    assert tuple(SQUASH) == ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_its_formula(name: Activation) -> None:
    x = np.linspace(-8, 8, 161)
    expected = [FORMULAS[name](value) for value in x.tolist()]
    np.testing.assert_allclose(SQUASH[name](torch.from_numpy(x)), expected, rtol=1e-12, atol=1e-12)


def test_convolution_is_a_sum_over_kernels() -> None:
    module, x = made("convolution")
    weight, bias = arrays(module)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (3, 3), axis=(2, 3))
    sums = np.einsum("nchwij,mcij->nmhw", windows, weight)
    np.testing.assert_allclose(module(x).detach(), np.tanh(sums + bias[:, None, None]), rtol=1e-12)


@pytest.mark.parametrize("kind", ["convolution by a table", "convolution over all by a table"])
def test_convolution_by_a_table_sums_over_the_connected_maps(kind: str) -> None:
    module, x = made(kind)
    weight, bias = arrays(module)
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (3, 3), axis=(2, 3))
    sums = np.zeros((3, *LAYERS[kind].outputs)) + bias[:, None, None]
    for place, seen in enumerate(SOME):
        for below in np.flatnonzero(seen):
            sums[:, place] += np.einsum("nhwij,ij->nhw", windows[:, below], weight[place, below])
    np.testing.assert_allclose(module(x).detach(), np.tanh(sums), rtol=1e-12)


def test_convolution_of_1989_makes_steps_of_two_over_background_with_a_bias_for_each_unit() -> None:
    module, x = made("convolution of 1989")
    weight, bias = arrays(module)
    assert LAYERS["convolution of 1989"].outputs == bias.shape == (3, 3, 2)
    expected = np.zeros((3, 3, 3, 2))
    for n, m, h, w in np.ndindex(expected.shape):
        total = bias[m, h, w]
        for below, i, j in np.ndindex(2, 3, 3):
            row, column = 2 * h + i - 1, 2 * w + j - 1
            inside = 0 <= row < 5 and 0 <= column < 4
            if SOME[m][below]:
                total += weight[m, below, i, j] * (float(x[n, below, row, column]) if inside else -1)
        expected[n, m, h, w] = math.tanh(total)
    np.testing.assert_allclose(module(x).detach(), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if "table" in kind or "1989" in kind])
def test_absent_connections_learn_nothing_and_change_nothing(kind: str) -> None:
    module, x = made(kind)
    weight, absent = module.get_parameter("weight"), ~torch.tensor(SOME)
    before = module(x)
    (before * torch.randn_like(before)).sum().backward()
    assert weight.grad is not None
    assert not weight.grad[absent].any()
    assert weight.grad[~absent].all()
    with torch.no_grad():
        weight[absent] = 1e6
    assert torch.equal(module(x), before)
    assert set(dict(module.named_parameters())) == set(module.state_dict()) == {"weight", "bias"}


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_a_table_in_which_nothing_is_absent_is_none(below: int, maps: int, side: int, shared: bool) -> None:
    plain, tabled = (
        Convolution("c3", (below, 5, 5), maps, side, "tanh", table=table, shared_bias=shared)
        for table in (None, ((True,) * below,) * maps)
    )
    for count in ("parameter_count", "connections", "multiplications", "fan_in", "fan_out", "outputs", "parameters"):
        assert getattr(plain, count) == getattr(tabled, count)
    one, other = make_module(plain), make_module(tabled)
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter)
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, below, 5, 5)
    assert torch.equal(one(x), other(x))


def test_fan_in_is_what_a_unit_sees() -> None:
    assert Convolution("c3", (2, 5, 4), 3, 3, "tanh", table=SOME).fan_in == [9, 18, 9]
    assert Convolution("c3", (2, 5, 4), 3, 3, "tanh").fan_in == [18] * 3
    assert Subsampling("s2", (2, 5, 4), "trainable-sum", "tanh").fan_in == [4, 4]
    assert FullConnection("f6", (2, 3, 2), 4).fan_in == [12] * 4
    assert EuclideanRBF("output", (84, 1, 1)).fan_in == [84] * 10


def test_fan_out_is_where_an_input_goes() -> None:
    assert Convolution("c3", (2, 5, 4), 3, 3, "tanh").fan_out == 27
    assert Convolution("c3", (2, 5, 4), 3, 3, "tanh", table=SOME).fan_out == 18  # each goes to two of the three maps
    assert Convolution("c2", (2, 5, 4), 3, 4, "tanh", stride=2, padding=1).fan_out == 12  # to 2 x 2 places of each
    assert Convolution("c5", (2, 3, 3), 4, 3, "tanh").fan_out == FullConnection("f6", (2, 3, 3), 4).fan_out == 4
    assert Subsampling("s2", (2, 5, 4), "trainable-sum", "tanh").fan_out == 1
    assert EuclideanRBF("output", (84, 1, 1)).fan_out == 10


@pytest.mark.parametrize(("kind", "share"), [("trainable mean", 1 / 4), ("trainable sum", 1)])
def test_trainable_subsampling_is_a_coefficient_a_bias_and_a_squash(kind: str, share: float) -> None:
    layer, (module, x) = LAYERS[kind], made(kind)
    weight, bias = arrays(module)
    expected = np.zeros((3, 2, 2, 2))
    for n, m, h, w in np.ndindex(expected.shape):
        four = [float(x[n, m, 2 * h + i, 2 * w + j]) for i in (0, 1) for j in (0, 1)]
        expected[n, m, h, w] = 1.7159 * math.tanh(2 / 3 * (weight[m] * share * sum(four) + bias[m]))
    np.testing.assert_allclose(module(x).detach(), expected, rtol=1e-12)
    assert isinstance(layer, Subsampling)
    assert (layer.trainable, layer.share, layer.squashing) == (True, share, "scaled-tanh")


def test_rbf_output_is_minus_the_squared_distance_to_each_code() -> None:
    module, x = made("RBF output")
    expected = [
        [-sum((value - bit) ** 2 for value, bit in zip(picture, code, strict=True)) for code in CODES]
        for picture in x.flatten(1).tolist()
    ]
    np.testing.assert_allclose(module(x), expected, rtol=1e-12)
    assert torch.equal(module(x.flatten(1)), module(x))
    assert module(torch.tensor(CODES).double()).argmax(1).tolist() == list(range(10))
    assert not module.state_dict()


def test_scaled_tanh_is_one_at_one_and_bends_most_there() -> None:
    x = torch.linspace(0, 3, 301, dtype=torch.float64, requires_grad=True)
    y = SQUASH["scaled-tanh"](x)
    assert y[100].item() == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(SQUASH["scaled-tanh"](-x), -y)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x)
    assert x[bend.abs().argmax()].item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("kind", "reduce"), [("maximum", np.max), ("mean", np.mean)])
def test_subsampling_takes_squares_of_four_and_leaves_an_odd_row_out(kind: str, reduce: Callable[..., Array]) -> None:
    module, x = made(kind)
    squares = x.numpy()[:, :, :4, :4].reshape(3, 2, 2, 2, 2, 2)
    np.testing.assert_allclose(module(x), reduce(squares, axis=(3, 5)), rtol=1e-12)
    assert LAYERS[kind].squashing is None


def test_full_connection_is_a_matrix_product() -> None:
    module, x = made("full connection")
    weight, bias = arrays(module)
    np.testing.assert_allclose(module(x).detach(), np.tanh(x.numpy().reshape(3, -1) @ weight.T + bias), rtol=1e-12)


def test_output_layer_gives_the_sums_themselves() -> None:
    module, x = made("linear output")
    weight, bias = arrays(module)
    np.testing.assert_allclose(module(x).detach(), x.numpy().reshape(3, -1) @ weight.T + bias, rtol=1e-12)


@every_layer
def test_a_module_is_made_from_its_record(kind: str) -> None:
    """The module has the kind and the parameters of the record, and these are zeros until they are drawn."""
    layer, module = LAYERS[kind], make_module(LAYERS[kind])
    assert type(module) is MODULES[type(layer)]
    assert module.layer is layer
    assert {name: tuple(value.shape) for name, value in module.named_parameters()} == dict(layer.parameters)
    assert list(dict(module.named_parameters())) == list(layer.parameters)
    assert not any(parameter.any() for parameter in module.parameters())
    assert layer.stored == sum(parameter.numel() for parameter in module.parameters())
    assert repr(module) == f"{type(module).__name__}({layer})"


@every_layer
def test_outputs_are_what_the_layer_says(kind: str) -> None:
    layer, (module, x) = LAYERS[kind], made(kind)
    assert module(x).reshape(3, *layer.outputs).shape[1:] == layer.outputs
    assert module(x).numel() == 3 * math.prod(layer.outputs)
    assert module.sums(x).shape == module(x).shape
    assert torch.equal(module.squash(module.sums(x)), module(x))


@every_layer
def test_derivative_is_that_of_finite_differences(kind: str) -> None:
    module, x = made(kind)
    x = x[:1]
    names = [name for name, _ in module.named_parameters()]

    def run(x: Tensor, *parameters: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x,))
        return result

    inputs = [x, *(parameter.detach().clone() for parameter in module.parameters())]
    assert torch.autograd.gradcheck(run, [tensor.requires_grad_() for tensor in inputs])


@every_layer
def test_connections_are_counted_as_the_paper_does(kind: str) -> None:
    """A unit's connections are the inputs that it sees and its bias. Equal positive weights make each of them show."""
    layer, (module, _) = LAYERS[kind], made(kind)
    biased = "bias" in layer.parameters
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.01)
    x = torch.full((1, *layer.inputs), 0.5, dtype=torch.float64)
    seen = int((torch.autograd.functional.jacobian(module, x) != 0).sum())  # type: ignore[no-untyped-call]
    units = math.prod(layer.outputs)
    if kind == "maximum":  # only the greatest passes a gradient on, but every unit sees four
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


def test_parameters_are_counted() -> None:
    assert {kind: layer.parameter_count for kind, layer in LAYERS.items()} == {
        "convolution": 57,
        "convolution over all": 76,
        "convolution by a table": 39,
        "convolution over all by a table": 39,
        "convolution of 1989": 54,
        "maximum": 0,
        "mean": 0,
        "trainable mean": 4,
        "trainable sum": 4,
        "full connection": 52,
        "linear output": 52,
        "RBF output": 0,
    }


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (LAYERS["convolution"], "a 3x3 convolution with tanh"),
        (
            specify("lenet1989").layers[0],
            "a 5x5 convolution with tanh, stride 2, 2 units of background, a bias for each unit",
        ),
        (LAYERS["maximum"], "max sub-sampling"),
        (LAYERS["trainable sum"], "trainable-sum sub-sampling with scaled-tanh"),
        (LAYERS["full connection"], "a full connection with tanh"),
        (LAYERS["linear output"], "a linear full connection"),
        (LAYERS["RBF output"], "an RBF output"),
    ],
    ids=str,
)
def test_a_layer_says_what_it_is(layer: Layer, words: str) -> None:
    assert str(layer) == words


def test_a_layer_is_a_value() -> None:
    """Layers are frozen, hashable, and equal if all their numbers are, so compiled code can be keyed by them."""
    one, other = (Convolution("c3", (2, 5, 4), 3, 3, "tanh", table=SOME) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert len(set(LAYERS.values())) == len(LAYERS)
    with pytest.raises(FrozenInstanceError):
        one.maps = 4  # type: ignore[misc]
