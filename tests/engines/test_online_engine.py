"""The engine of single pictures agrees with torch for every kind of layer. `test_contract` holds the rest.

pytest tests/engines/test_online_engine.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lenet.data import Split
from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.engine import Engine
from lenet.engines.halide.online.engine import OnlineEngine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.models.initialise import initialise
from lenet.models.modules import ConvolutionModule
from lenet.models.network import Network, build
from lenet.models.zoo import specify
from tests.engines.beside import distance

CPU = torch.device("cpu")
AS_THEY_ARE = Augmentation()
SDLM = Method(loss="map", rubbish=10.0, optimiser="sdlm", damping=0.4, batch=1)
SQUARES = Method(loss="squared-error", batch=1)
RATES = {"sdlm": 5e-4, "sgd": 0.01}

OF_1989 = {
    "input_size": 16, "maps": (12, 12), "kernels": (5, 5), "table": "lenet1989", "pooling": "none",
    "biases": "unshared", "activation": "tanh", "hidden": (30,), "output": "squashed",
}  # fmt: skip
CASES: dict[str, tuple[dict[str, Any], Method]] = {
    "1998": ({}, SDLM),
    "codes of maps": ({"input_size": 20, "maps": (2, 21), "table": "full", "hidden": ()}, SDLM),
    "distances": ({}, replace(SDLM, loss="distance")),
    "sums, of odd maps": ({"pooling": "trainable-sum", "input_size": 27, "kernels": (4, 3)}, SDLM),
    "linear": ({"pooling": "mean", "output": "linear", "table": "full", "maps": (3, 5)}, Method(batch=1)),
    "smoothed": (
        {"output": "linear", "activation": "logistic", "hidden": (7,)},
        replace(SDLM, loss="cross-entropy", label_smoothing=0.1),
    ),
    "maps of one unit": ({"output": "linear", "input_size": 16, "kernels": (5, 5), "table": "full"}, Method(batch=1)),
    "squashed": ({"output": "squashed", "activation": "tanh"}, Method(loss="squared-error", batch=1)),
    **{
        name: ({"activation": name, "output": "squashed", "input_size": 20, "maps": (2, 3), "table": "full"}, SQUARES)
        for name in ("celu", "gelu", "hardtanh", "leaky-relu", "mish", "relu6", "selu", "silu", "softplus", "softsign")
    },
    "1989": (OF_1989, replace(SQUARES, optimiser="sdlm")),
    "1989, silu, odd maps": (
        OF_1989
        | {
            "input_size": 21,
            "maps": (3, 5, 2),
            "kernels": (6, 5, 1),
            "table": "full",
            "hidden": (),
            "activation": "silu",
            "biases": "shared",
        },
        SQUARES,
    ),
    "1989, without a frame": (OF_1989 | {"maps": (3, 5), "kernels": (2, 2), "table": "full"}, SQUARES),
    "largest": ({"pooling": "max", "output": "linear", "activation": "relu"}, Method(batch=1)),
    "largest, gelu, odd maps": (
        {
            "pooling": "max",
            "output": "linear",
            "activation": "gelu",
            "table": "full",
            "input_size": 27,
            "kernels": (4, 3),
        },
        Method(batch=1),
    ),
    **{
        f"a single weight or four, {pooling}": (
            {
                "pooling": pooling,
                "output": "squashed",
                "table": "full",
                "input_size": 9,
                "maps": (1, 1),
                "kernels": (2, 1),
            },
            SQUARES,
        )
        for pooling in ("mean", "max", "none")
    },
    "a bias for each unit": ({"biases": "unshared"}, SDLM),
    "two colours": ({"output": "linear", "activation": "relu", "hidden": (), "input_size": 36}, Method(batch=1)),
}
every_case = pytest.mark.parametrize("name", CASES)


def pictures(network: Network) -> Split:
    random, side = np.random.default_rng(0), network.spec.architecture.input_size
    images = random.integers(0, 256, (40, network.spec.channels, side, side - 4), dtype=np.uint8)
    return Split(images, random.integers(0, 10, 40))


def made(kind: Any, name: str, augmentation: Augmentation = AS_THEY_ARE) -> Engine:
    options, method = CASES[name]
    spec = specify("lenet5-1998", channels=1 + (name == "two colours"), **options)
    network = Network(replace(spec, preparation=Preparation(mean=0.1, std=0.8)))
    initialise(network, "fan-in", seed=1)
    engine: Engine = kind(network, pictures(network), method, CPU, distortion=augmentation.numbers)
    return engine


def learn(engine: Engine, name: str, steps: int, first: int = 0) -> None:
    rates = [RATES[CASES[name][1].optimiser] / (1 + step) for step in range(first, first + steps)]
    engine.learn(np.arange(first, first + steps) % 40, None, rates)


@every_case
def test_the_steps_are_torchs(name: str) -> None:
    """One step agrees to within a few roundings, forty steps to within their growth. The counts are equal."""
    reference, engine = made(TorchEngine, name), made(OnlineEngine, name)
    for one in (reference, engine):
        one.begin_epoch(np.arange(30), None)
    for steps, first, most in ((1, 0, 1e-5), (39, 1, 1e-4)):
        for one in (reference, engine):
            learn(one, name, steps, first)
        assert distance(engine.network, reference.network) <= most
    expected, tally = reference.tally(), engine.tally()
    assert tally.loss == pytest.approx(expected.loss, rel=1e-5)
    assert (tally.misses, tally.count) == (expected.misses, 40)


def test_every_number_learns_by_its_own_gradient() -> None:
    """In a step of plain gradient descent with rate 1, each parameter changes by its gradient in float64."""
    engine = made(OnlineEngine, "squashed")
    before = [parameter.detach().clone() for parameter in engine.network.parameters()]
    reference = build("lenet5-1998", seed=1, **CASES["squashed"][0]).double()
    split = pictures(reference)
    level = torch.nn.functional.pad(torch.from_numpy(split.pictures[:1]), (2, 2)).double() / 255
    scores = reference((level - 0.1) / 0.8)
    target = 2.0 * torch.nn.functional.one_hot(torch.from_numpy(split.labels[:1]), 10) - 1
    (scores - target).square().mean().backward()
    engine.learn(np.arange(1), None, [1.0])
    for old, new, parameter in zip(before, engine.network.parameters(), reference.parameters(), strict=True):
        gradient = parameter.grad
        assert gradient is not None
        assert float((old - new.detach() - gradient).abs().max() / gradient.abs().max()) <= 1e-4


@pytest.mark.parametrize("elastic", [0.0, 0.7])
@pytest.mark.parametrize("name", ["1998", "two colours"])
def test_distorted_pictures_are_torchs(name: str, elastic: float) -> None:
    augmentation = Augmentation(shift=2, rotation=30, elastic=elastic)
    reference, engine = (made(kind, name, augmentation) for kind in (TorchEngine, OnlineEngine))
    distortions = augmentation.draw(30, engine.network.spec.architecture.input_size, np.random.default_rng(0))
    for one in (reference, engine):
        one.begin_epoch(np.arange(30), distortions)
        one.learn(np.arange(5), distortions[:5], [1e-4] * 5)
    assert distance(engine.network, reference.network) <= 1e-5


def test_what_a_table_leaves_out_takes_no_part_and_is_never_learned() -> None:
    """It makes no difference what is stored there."""
    engines = [made(OnlineEngine, "1998"), made(OnlineEngine, "1998")]
    learned = []
    for stored, engine in enumerate(engines):
        c3 = engine.network.layers["c3"]
        assert isinstance(c3, ConvolutionModule)
        assert c3.connected is not None
        with torch.no_grad():
            c3.weight[~c3.connected.expand_as(c3.weight).bool()] = 3.0 * stored
        before = c3.weight.detach().clone()
        engine.begin_epoch(np.arange(30), None)
        learn(engine, "1998", 10)
        changed = c3.weight.detach() != before
        assert torch.equal(changed, c3.connected.expand_as(changed).bool())
        learned.append(c3.weight.detach()[changed])
    assert torch.equal(*learned)
