"""The engine of single patterns: its steps beside the torch engine's, its state, and when it is chosen.

Run: pytest tests/engines/test_online_engine.py
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
from lenet.engines import Engine, Method, TorchEngine, choose_engine
from lenet.engines.halide import HalideEngine, OnlineEngine
from lenet.errors import InputError
from lenet.models import Network, build
from lenet.models.layers import Convolution
from tests.engines.beside import distance, same_state

CPU = torch.device("cpu")
AS_THEY_ARE = Augmentation()
SDLM = Method(loss="map", rubbish=10.0, optimiser="sdlm", damping=0.4, batch=1)
RATES = {"sdlm": 5e-4, "sgd": 0.01}

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
    "squashed": ({"output": "squashed", "activation": "tanh"}, Method(loss="squared-error", batch=1)),
    "two colours": ({"output": "linear", "activation": "relu", "hidden": (), "input_size": 36}, Method(batch=1)),
}
every_case = pytest.mark.parametrize("name", CASES)


def pictures(network: Network) -> Split:
    random, side = np.random.default_rng(0), network.architecture.input_size
    images = random.integers(0, 256, (40, network.channels, side, side - 4), dtype=np.uint8)
    return Split(images, random.integers(0, 10, 40))


def made(kind: Any, name: str, augmentation: Augmentation = AS_THEY_ARE) -> Engine:
    options, method = CASES[name]
    method = replace(method, distortion=augmentation.numbers)
    network = build("lenet5-1998", seed=1, channels=1 + (name == "two colours"), **options)
    network.preparation = Preparation(mean=0.1, std=0.8)
    engine: Engine = kind(network, pictures(network), method, CPU)
    return engine


def learn(engine: Engine, name: str, steps: int, first: int = 0) -> None:
    rates = [RATES[CASES[name][1].optimiser] / (1 + step) for step in range(first, first + steps)]
    engine.learn(np.arange(first, first + steps) % 40, None, rates)


@every_case
def test_the_steps_are_torchs(name: str) -> None:
    """One, to the sum of a few roundings; forty of them, to their growth. Their counts are the same."""
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
    """Of one step of plain gradient descent, each parameter's change beside its gradient in float64."""
    engine = made(OnlineEngine, "squashed")
    before = [parameter.detach().clone() for parameter in engine.network.parameters()]
    reference = build("lenet5-1998", seed=1, **CASES["squashed"][0]).double()
    split = pictures(reference)
    level = torch.nn.functional.pad(torch.from_numpy(split.images[:1]), (2, 2)).double() / 255
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
    distortions = augmentation.draw(30, engine.network.architecture.input_size, np.random.default_rng(0))
    for one in (reference, engine):
        one.begin_epoch(np.arange(30), distortions)
        one.learn(np.arange(5), distortions[:5], [1e-4] * 5)
    assert distance(engine.network, reference.network) <= 1e-5


def test_what_a_table_leaves_out_takes_no_part_and_is_never_learned() -> None:
    """Whatever is stored there."""
    engines = [made(OnlineEngine, "1998"), made(OnlineEngine, "1998")]
    learned = []
    for stored, engine in enumerate(engines):
        c3 = engine.network.layers["c3"]
        assert isinstance(c3, Convolution)
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


@pytest.mark.parametrize("name", ["1998", "linear"])
def test_a_restored_engine_goes_on_bit_for_bit(name: str) -> None:
    """Also in the middle of an epoch, when the second derivatives are not estimated again."""
    first, second = made(OnlineEngine, name), made(OnlineEngine, name)
    first.begin_epoch(np.arange(30), None)
    learn(first, name, 7)
    second.restore({key: tensor.clone() for key, tensor in first.state().items()})
    for engine in (first, second):
        learn(engine, name, 8, 7)
    assert same_state(first, second)
    first.clear_tally()
    assert (first.tally().loss, first.tally().misses, first.tally().count) == (0, 0, 0)


def test_steps_taken_together_are_those_taken_one_by_one() -> None:
    together, apart = made(OnlineEngine, "1998"), made(OnlineEngine, "1998")
    for engine in (together, apart):
        engine.begin_epoch(np.arange(30), None)
    learn(together, "1998", 9)
    for step in range(9):
        learn(apart, "1998", 1, step)
    assert same_state(together, apart)


def test_it_is_chosen_for_single_patterns_where_it_has_the_kernels() -> None:
    network = build("lenet5-1998")
    assert choose_engine("auto", "cpu", network, SDLM).engine is OnlineEngine
    assert choose_engine("auto", "cpu", build("lenet5"), Method(batch=1)).engine is HalideEngine
    choice = choose_engine("auto", "cpu", network, replace(SDLM, batch=2))
    assert choice.engine is TorchEngine
    assert choice.why == "the halide engine has no kernel for the optimiser sdlm"
    for method, why in (
        (Method(batch=1, momentum=0.5), "by sdlm, or by sgd without momentum"),
        (Method(batch=1), "no kernel for layer c1"),
    ):
        with pytest.raises(InputError, match=why):
            choose_engine("halide", "cpu", build("lenet1989"), method)
