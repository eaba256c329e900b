"""What holds for every network: each of `MODELS` as it is, and the first of them with other numbers.

A model that is added to `MODELS` is tested by that alone.

    pytest tests/models/test_contract.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.models import MODELS, Network, build, load
from lenet.models.describe import describe
from lenet.models.weights import save_network

VARIANTS: dict[str, dict[str, Any]] = {
    "28x28": {"input_size": 28},
    "other maps": {"maps": (3, 5)},
    "other kernels": {"kernels": (3, 6)},
    "one stage": {"maps": (4,), "kernels": (5,)},
    "three stages": {"input_size": 40, "maps": (2, 3, 4), "kernels": (5, 4, 3)},
    "odd sides": {"input_size": 31, "kernels": (4, 3)},
    "mean, tanh": {"pooling": "mean", "activation": "tanh"},
    "logistic": {"activation": "logistic"},
    "one hidden layer": {"hidden": (30,)},
    "three hidden layers": {"hidden": (30, 20, 15)},
    "no hidden layer": {"hidden": ()},
    "colour": {"channels": 3},
    "two classes": {"classes": ("cat", "dog")},
    "table": {"table": "lenet5-1998"},
    "trainable mean": {"pooling": "trainable-mean"},
    "trainable sum": {"pooling": "trainable-sum", "activation": "scaled-tanh"},
    "no sub-sampling": {"pooling": "none", "input_size": 18, "kernels": (5, 4)},
    "unshared biases": {"biases": "unshared", "activation": "tanh"},
    "squashed output": {"output": "squashed", "activation": "logistic"},
    "RBF output": {"output": "rbf", "activation": "tanh"},
}

every_network = pytest.mark.parametrize(
    "make",
    [
        *(pytest.param(lambda model=model: build(model, seed=1), id=model) for model in MODELS),
        *(
            pytest.param(lambda options=options: build("lenet5", seed=1, **options), id=f"lenet5, {variant}")
            for variant, options in VARIANTS.items()
        ),
    ],
)
Make = Callable[[], Network]


def some_input(network: Network, count: int = 4) -> Tensor:
    size = network.architecture.input_size
    return torch.rand((count, network.channels, size, size), generator=torch.Generator().manual_seed(0))


@every_network
def test_each_layer_gives_the_shape_that_it_says(make: Make) -> None:
    network = make()
    x = some_input(network)
    for layer in network.layers.values():
        x = layer(x)
        assert x.reshape(4, *layer.outputs).flatten(1).shape == x.flatten(1).shape
    assert x.shape == (4, len(network.classes))


@every_network
def test_the_list_of_layers_is_the_network(make: Make) -> None:
    network = make()
    x = some_input(network)
    by_hand = x
    for name, layer in network.layers.items():
        assert getattr(network, name) is layer
        by_hand = layer(by_hand)
    assert torch.equal(network(x), by_hand)


@every_network
def test_scores_are_raw_and_finite(make: Make) -> None:
    """No softmax, and unless the network is to have one, no squashing function after the sums of the output."""
    network = make()
    scores = network(some_input(network))
    assert isinstance(scores, Tensor)
    assert torch.isfinite(scores).all()
    if network.architecture.output == "linear":
        doubled = network.state_dict()
        for name in ("output.weight", "output.bias"):
            doubled[name] = 2 * doubled[name]
        network.load_state_dict(doubled)
        torch.testing.assert_close(network(some_input(network)), 2 * scores)


@every_network
def test_every_parameter_gets_a_gradient(make: Make) -> None:
    network = make()
    F.cross_entropy(network(some_input(network)), torch.tensor([0, 1, 1, 0])).backward()  # type: ignore[no-untyped-call]
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


@every_network
def test_derivative_is_that_of_finite_differences(make: Make) -> None:
    """Along one random direction in the space of all weights and inputs together."""
    network = make().double()
    random = torch.Generator().manual_seed(2)
    at = {name: parameter.detach() for name, parameter in network.named_parameters()}
    at["x"] = some_input(network, 2).double()
    way = {name: torch.randn(tensor.shape, generator=random, dtype=torch.float64) for name, tensor in at.items()}
    mix = torch.randn((2, len(network.classes)), generator=random, dtype=torch.float64)

    def value(length: float) -> Tensor:
        moved = {name: (at[name] + length * way[name]).requires_grad_() for name in at}
        gone.update(moved)
        x = moved.pop("x")
        scores: Tensor = torch.func.functional_call(network, moved, (x,))
        return (scores * mix).sum()

    gone: dict[str, Tensor] = {}
    value(0).backward()  # type: ignore[no-untyped-call]
    slope = sum(float((tensor.grad * way[name]).sum()) for name, tensor in gone.items() if tensor.grad is not None)
    step = 1e-7
    assert slope == pytest.approx(float((value(step) - value(-step)).detach()) / (2 * step), rel=1e-5)


@every_network
def test_a_picture_is_answered_alike_in_any_company(make: Make) -> None:
    network = make()
    x = some_input(network)
    torch.testing.assert_close(network(x)[2:3], network(x[2:3]))


@every_network
def test_weights_are_named_by_their_layers(make: Make) -> None:
    network = make()
    expected = [
        f"{name}.{kind}"
        for name, layer in network.layers.items()
        for kind in ("weight", "bias")
        if layer.parameter_count
    ]
    assert list(network.state_dict()) == expected


@every_network
def test_the_table_adds_up(make: Make) -> None:
    network = make()
    rows = describe(network)
    assert [row.layer for row in rows] == list(network.layers)
    absent = sum(int((tensor == 0).sum()) for tensor in network.state_dict().values())
    assert sum(row.parameters for row in rows) == network.parameter_count
    assert network.parameter_count == sum(parameter.numel() for parameter in network.parameters()) - absent
    assert all(row.connections >= row.multiplications >= 0 for row in rows)
    assert all(min(row.maps, row.height, row.width) >= 1 for row in rows)


@every_network
def test_the_weight_file_gives_it_back_bit_for_bit(make: Make, tmp_path: Path) -> None:
    network = make()
    save_network(tmp_path / "it.safetensors", network, {})
    again = load(tmp_path / "it.safetensors")
    assert list(again.layers) == list(network.layers)
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert torch.equal(again(some_input(network)), network(some_input(network)))
    assert (again.architecture, again.classes, again.channels) == (
        network.architecture, network.classes, network.channels,
    )  # fmt: skip
    assert (again.picture_size, again.preparation) == (network.picture_size, network.preparation)


@every_network
def test_scores_of_pictures_as_they_are_stored(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make()
    size = network.architecture.input_size
    images = np.random.default_rng(0).integers(0, 256, (5, network.channels, size, size), dtype=np.uint8)
    expected = network(torch.from_numpy(images).float() / 255).detach()
    torch.testing.assert_close(network.scores(images), expected)
    monkeypatch.setattr("lenet.models.network.BATCH", 2)  # an uneven last part
    torch.testing.assert_close(network.scores(images), expected)
    assert network.scores(images[:0]).shape == (0, len(network.classes))


@every_network
def test_the_seed_decides_the_weights(make: Make) -> None:
    first, second = make().state_dict(), make().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("name", MODELS)
def test_another_seed_gives_other_weights(name: str) -> None:
    first, second = build(name, seed=1).state_dict(), build(name, seed=2).state_dict()
    assert not any(torch.equal(first[key], second[key]) for key in first)
