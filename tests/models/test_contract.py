"""Every network keeps the same promises: each of `MODELS`, and the first of them with other numbers.

A model that is added to `MODELS` is tested by that alone.

pytest tests/models/test_contract.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.inference.predictor import Predictor
from lenet.models.describe import describe
from lenet.models.network import Network, build
from lenet.models.weights import load, save_network
from lenet.models.zoo import MODELS

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
    size = network.spec.architecture.input_size
    return torch.rand((count, network.spec.channels, size, size), generator=torch.Generator().manual_seed(0))


@every_network
def test_every_record_agrees_with_its_module(make: Make) -> None:
    """The modules have the names of the records, in their order, and their shapes and parameters."""
    network = make()
    x = some_input(network)
    assert list(network.layers) == [layer.name for layer in network.spec.layers]
    for layer, (name, module) in zip(network.spec.layers, network.layers.items(), strict=True):
        assert getattr(network, name) is module
        assert module.layer is layer
        assert x.shape[1:].numel() == math.prod(layer.inputs), name
        x = module(x)
        assert x.shape == (4, *layer.outputs) or (x.shape == (4, layer.outputs[0]) and layer.outputs[1:] == (1, 1))
        found = {parameter: tuple(value.shape) for parameter, value in module.named_parameters()}
        assert found == dict(layer.parameters), name
        assert list(found) == list(layer.parameters), name
    assert x.shape == (4, len(network.spec.classes))


@every_network
def test_a_trace_is_what_the_layers_gave_one_after_another(make: Make) -> None:
    network = make()
    x = some_input(network)
    traces = network.trace(x)
    assert list(traces) == [layer.name for layer in network.spec.layers]
    by_hand = x
    for name, trace in traces.items():
        module = network.layers[name]
        assert torch.equal(trace.sums, module.sums(by_hand)), name
        by_hand = module(by_hand)
        assert torch.equal(trace.units, by_hand), name
        assert trace.units.shape == trace.sums.shape, name
    assert torch.equal(traces["output"].units, network(x))


@every_network
def test_a_trace_leads_back_to_the_weights(make: Make) -> None:
    """Gradients flow through a trace as through the network itself."""
    network = make()
    x = some_input(network)
    weights = list(network.parameters())
    *_, last = network.trace(x).values()
    through_trace, through_network = (torch.autograd.grad(y.sum(), weights) for y in (last.units, network(x)))
    assert all(torch.equal(one, other) for one, other in zip(through_trace, through_network, strict=True))


@every_network
def test_scores_are_raw_and_finite(make: Make) -> None:
    """There is no softmax and, unless the output is squashed, no squashing function after its sums."""
    network = make()
    scores = network(some_input(network))
    assert isinstance(scores, Tensor)
    assert torch.isfinite(scores).all()
    if network.spec.architecture.output == "linear":
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
    """They agree along one random direction in the space of all weights and inputs together."""
    network = make().double()
    random = torch.Generator().manual_seed(2)
    at = {name: parameter.detach() for name, parameter in network.named_parameters()}
    at["x"] = some_input(network, 2).double()
    way = {name: torch.randn(tensor.shape, generator=random, dtype=torch.float64) for name, tensor in at.items()}
    mix = torch.randn((2, len(network.spec.classes)), generator=random, dtype=torch.float64)

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
        f"{layer.name}.{kind}" for layer in network.spec.layers for kind in ("weight", "bias") if layer.parameter_count
    ]
    assert list(network.state_dict()) == expected


@every_network
def test_the_table_adds_up(make: Make) -> None:
    network = make()
    rows = describe(network.spec)
    assert [row.layer for row in rows] == list(network.layers)
    absent = sum(int((tensor == 0).sum()) for tensor in network.state_dict().values())
    stored = sum(parameter.numel() for parameter in network.parameters())
    assert sum(row.parameters for row in rows) == network.spec.parameter_count == stored - absent
    assert sum(layer.stored for layer in network.spec.layers) == stored
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
    assert again.spec == network.spec


@every_network
def test_logits_of_pictures_as_they_are_stored(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make()
    size = network.spec.architecture.input_size
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (5, network.spec.channels, size, size), dtype=np.uint8)
    expected = network(torch.from_numpy(pictures).float() / 255).detach()
    predictor = Predictor(network, engine="torch")
    torch.testing.assert_close(torch.from_numpy(predictor.logits(pictures)), expected)
    monkeypatch.setattr("lenet.inference.torch_answers.BATCH", 2)  # an uneven last part
    torch.testing.assert_close(torch.from_numpy(predictor.logits(pictures)), expected)
    assert predictor.logits(pictures[:0]).shape == (0, len(network.spec.classes))


@every_network
def test_building_draws_from_no_common_generator(make: Make) -> None:
    state = torch.random.get_rng_state()
    network = make()
    Network(network.spec)
    assert torch.equal(torch.random.get_rng_state(), state)


@every_network
def test_the_seed_decides_the_weights(make: Make) -> None:
    first, second = make().state_dict(), make().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("name", MODELS)
def test_another_seed_gives_other_weights(name: str) -> None:
    first, second = build(name, seed=1).state_dict(), build(name, seed=2).state_dict()
    assert not any(torch.equal(first[key], second[key]) for key in first)
