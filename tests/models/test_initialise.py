"""Initial weights against torch's own and against their formulas.

pytest tests/models/test_initialise.py
"""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import Tensor

from lenet.models import MODELS, Network, build
from lenet.models.initialise import Initialisation, initialise

SCHEMES: tuple[Initialisation, ...] = get_args(Initialisation)
FANS = {"c1": (25, 150), "c3": (150, 400), "c5": (400, 120), "f6": (120, 84), "output": (84, 10)}  # in, out


def drawn(scheme: Initialisation, seed: int = 0) -> dict[str, Tensor]:
    network = build("lenet5")
    initialise(network, scheme, seed)
    return network.state_dict()


def test_fan_in_is_torch_s_default() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        default = Network(MODELS["lenet5"], classes="0123456789").state_dict()
    for name, tensor in drawn("fan-in", 5).items():
        torch.testing.assert_close(tensor, default[name])


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
