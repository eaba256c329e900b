"""Initial weights are torch's own or follow their formulas.

pytest tests/models/test_initialise.py
"""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from lenet.models.initialise import Initialisation, initialise
from lenet.models.network import build
from lenet.models.zoo import MODELS

SCHEMES: tuple[Initialisation, ...] = get_args(Initialisation)
FANS = {"c1": (25, 150), "c3": (150, 400), "c5": (400, 120), "f6": (120, 84), "output": (84, 10)}  # fan-in, fan-out

FANS_1998 = {"c1": 25, "s2": 4, "s4": 4, "c5": 400, "f6": 120}  # fan-in; C3 is absent, as its maps differ
BOUNDS_1998 = {"c1": 0.096, "s2": 0.6, "s4": 0.6, "c5": 0.006, "f6": 0.02}  # 2.4 / fan-in (appendix A)
BOUNDS_OF_C3 = [0.032] * 6 + [0.024] * 9 + [0.016]


def drawn(scheme: Initialisation, seed: int = 0, model: str = "lenet5") -> dict[str, Tensor]:
    network = build(model)
    initialise(network, scheme, seed)
    return network.state_dict()


def test_fan_in_is_torch_s_default() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        convolutions = [nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)]
        default = nn.Sequential(*convolutions, nn.Linear(120, 84), nn.Linear(84, 10))
    for tensor, reference in zip(drawn("fan-in", 5).values(), default.parameters(), strict=True):
        torch.testing.assert_close(tensor, reference.detach())


@pytest.mark.parametrize("layer", FANS)
def test_fan_in_bounds(layer: str) -> None:
    weights, bound = drawn("fan-in"), 1 / math.sqrt(FANS[layer][0])
    assert 0.9 * bound < weights[f"{layer}.weight"].abs().max() <= bound
    assert 0 < weights[f"{layer}.bias"].abs().max() <= bound


@pytest.mark.parametrize("layer", FANS)
def test_xavier_bounds(layer: str) -> None:
    weights, bound = drawn("xavier"), math.sqrt(6 / sum(FANS[layer]))
    assert 0.9 * bound < weights[f"{layer}.weight"].abs().max() <= bound
    assert not weights[f"{layer}.bias"].any()


def test_xavier_is_torch_s_own_on_the_tutorial_s_layers() -> None:
    """The Gluon tutorial writes C5 as a dense layer; Gluon's Xavier is Glorot's, as torch's is."""
    network = build("lenet5", input_size=28)
    initialise(network, "xavier", 3)
    random = torch.Generator().manual_seed(3)
    convolutions = [torch.empty(6, 1, 5, 5), torch.empty(16, 6, 5, 5)]
    dense = [torch.empty(120, 256), torch.empty(84, 120), torch.empty(10, 84)]
    weights = [parameter for name, parameter in network.named_parameters() if name.endswith("weight")]
    for weight, reference in zip(weights, [*convolutions, *dense], strict=True):
        torch.nn.init.xavier_uniform_(reference, generator=random)
        torch.testing.assert_close(weight.detach().view_as(reference), reference)


@pytest.mark.parametrize("layer", FANS)
def test_he_deviation(layer: str) -> None:
    weights, deviation = drawn("he"), math.sqrt(2 / FANS[layer][0])
    weight = weights[f"{layer}.weight"]
    assert weight.std() == pytest.approx(deviation, rel=3 / math.sqrt(weight.numel()))
    assert weight.mean() == pytest.approx(0, abs=4 * deviation / math.sqrt(weight.numel()))
    assert not weights[f"{layer}.bias"].any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_seed_alone_decides(scheme: Initialisation) -> None:
    state = torch.random.get_rng_state()
    first, again, other = drawn(scheme, 3), drawn(scheme, 3), drawn(scheme, 4)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(not torch.equal(first[name], other[name]) for name in first if name.endswith("weight"))
    with torch.random.fork_rng():
        torch.manual_seed(99)
        elsewhere = drawn(scheme, 3)
    assert all(torch.equal(first[name], elsewhere[name]) for name in first)
    torch.random.set_rng_state(state)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_draws_from_no_common_generator(scheme: Initialisation) -> None:
    network = build("lenet5")
    state = torch.random.get_rng_state()
    initialise(network, scheme, 0)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("layer", FANS_1998)
def test_bounds_of_the_1998_paper(layer: str) -> None:
    bounds = {"lecun1998": BOUNDS_1998[layer], "lecun1998-sqrt": 2.4 / math.sqrt(FANS_1998[layer])}
    for scheme, bound in bounds.items():
        weights = drawn(scheme, model="lenet5-1998")  # type: ignore[arg-type]
        for kind in ("weight", "bias"):
            assert 0.7 * bound < weights[f"{layer}.{kind}"].abs().max() <= bound * (1 + 1e-6)


def test_coefficients_are_ones_where_a_scheme_says_so() -> None:
    weights, others = drawn("lecun1998-ones", model="lenet5-1998"), drawn("lecun1998-sqrt", model="lenet5-1998")
    for name, weight in weights.items():
        if name in ("s2.weight", "s4.weight"):
            assert (weight == 1).all()
        else:
            assert torch.equal(weight, others[name])


def test_bounds_of_maps_that_see_more_and_less() -> None:
    weights = drawn("lecun1998", model="lenet5-1998")
    for weight, bias, bound in zip(weights["c3.weight"], weights["c3.bias"], BOUNDS_OF_C3, strict=True):
        assert 0.9 * bound < weight.abs().max() <= bound * (1 + 1e-6)
        assert 0 < bias.abs() <= bound


def test_deviation_of_maps_that_see_more_and_less() -> None:
    weights = drawn("he", model="lenet5-1998")["c3.weight"]
    for weight, fan_in in zip(weights, [75] * 6 + [100] * 9 + [150], strict=True):
        assert weight[weight != 0].numel() == fan_in
        assert weight[weight != 0].std() == pytest.approx(math.sqrt(2 / fan_in), rel=3 / math.sqrt(fan_in))


def test_he_draws_as_torch_does() -> None:
    random = torch.Generator().manual_seed(0)
    for name, weight in drawn("he").items():
        if name.endswith("weight"):
            expected = torch.empty_like(weight).normal_(0, math.sqrt(2 / weight[0].numel()), generator=random)
            torch.testing.assert_close(weight, expected, rtol=0, atol=0)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("model", MODELS)
def test_every_scheme_draws_every_model(scheme: Initialisation, model: str) -> None:
    """Every connection gets a weight other than 0, and every absent one is 0."""
    network = build(model)
    initialise(network, scheme, 1)
    for name, layer in network.layers.items():
        weight, connected = getattr(layer, "weight", None), getattr(layer, "connected", None)
        if weight is not None:
            expected = torch.ones_like(weight) if connected is None else connected.expand_as(weight)
            assert torch.equal(weight != 0, expected.bool()), name
