"""Every engine keeps the same promises for every method that it supports.

An engine that is added to `KINDS` is tested by that alone.

pytest tests/engines/test_contract.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from lenet.data import Dataset
from lenet.data.augment import Augmentation
from lenet.engines.engine import Engine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError
from lenet.models.initialise import initialise
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.models.zoo import specify
from tests.engines.beside import distance, same_state

CPU = torch.device("cpu")
DISTORTED = Augmentation(shift=2, rotation=30, elastic=0.5)
SDLM = Method(loss="map", rubbish=80.0, optimiser="sdlm", damping=0.4, batch=1)


@dataclass(frozen=True)
class Case:
    """A small network and a method; if `distorted`, every picture is distorted."""

    method: Method
    rate: float
    distorted: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        usual = {"input_size": 8, "maps": [2], "kernels": [3], "hidden": [6], "classes": 3}
        return specify("lenet5", **usual | self.options)  # type: ignore[arg-type]

    @property
    def distortion(self) -> int:
        return DISTORTED.numbers if self.distorted else 0


OF_1998 = {
    "classes": 10, "input_size": 16, "maps": (6, 16), "kernels": (3, 2), "table": "lenet5-1998", "hidden": (9, 84),
    "pooling": "trainable-mean", "activation": "scaled-tanh", "output": "rbf",
}  # fmt: skip
OF_1989 = {"pooling": "none", "biases": "unshared", "activation": "tanh", "output": "squashed"}
CASES = {
    "sgd": Case(Method(batch=32), 0.1),
    "momentum": Case(Method(batch=32, momentum=0.9), 0.1),
    "weight decay": Case(Method(batch=32, momentum=0.9, weight_decay=0.01), 0.1),
    "adamw": Case(Method(batch=32, optimiser="adamw", momentum=0.9, weight_decay=0.01, average=0.75), 0.01),
    "distorted": Case(Method(batch=32), 0.1, distorted=True),
    "large batch": Case(Method(batch=150, optimiser="adamw", momentum=0.9, average=0.9), 0.01, distorted=True),
    "squared error": Case(Method(batch=32, loss="squared-error"), 0.1, options={"output": "squashed"}),
    "smoothed": Case(Method(batch=32, label_smoothing=0.1), 0.1, options={"pooling": "mean", "activation": "tanh"}),
    "1998, batches": Case(Method(batch=32, loss="map", rubbish=80.0, momentum=0.5), 0.002, options=OF_1998),
    "sdlm, batches": Case(replace(SDLM, batch=32), 5e-4, options=OF_1998),
    "1998": Case(SDLM, 5e-4, options=OF_1998),
    "1998, distorted": Case(SDLM, 5e-4, distorted=True, options=OF_1998),
    "distance": Case(replace(SDLM, loss="distance"), 5e-4, options=OF_1998),
    "single, sgd": Case(Method(batch=1), 0.01, options={"pooling": "mean"}),
    "single, maximum": Case(Method(batch=1), 0.01),
    "1989": Case(Method(batch=1, loss="squared-error", optimiser="sdlm"), 1e-3, options=OF_1989),
    "1989, batches": Case(Method(batch=32, loss="squared-error", optimiser="sdlm", average=0.9), 1e-3, options=OF_1989),
}


def _kinds() -> list[type[Engine]]:
    if not find_spec("halide"):
        return [TorchEngine]
    from lenet.engines.halide.batch.engine import BatchEngine
    from lenet.engines.halide.online.engine import OnlineEngine

    return [TorchEngine, BatchEngine, OnlineEngine]


KINDS = _kinds()
PAIRS = [
    pytest.param(kind, name, id=f"{kind.__name__}, {name}")
    for kind in KINDS
    for name, case in CASES.items()
    if kind.supports(case.spec, case.method, CPU) is None
]
every_pair = pytest.mark.parametrize(("kind", "name"), PAIRS)


def made(kind: type[Engine], name: str, data: Dataset) -> Engine:
    case = CASES[name]
    network = Network(case.spec)
    initialise(network, "fan-in", seed=0)
    return kind(network, data.train, case.method, CPU, distortion=case.distortion)


def learn(engine: Engine, name: str, start: int, count: int, *, one_by_one: bool = False) -> None:
    """Take steps on `count` pictures from `start` on, together or `one_by_one`; the rates differ from step to step."""
    case, batch = CASES[name], CASES[name].method.batch
    index = np.arange(start, start + count) % 320
    distortions = DISTORTED.draw(320, case.spec.architecture.input_size, np.random.default_rng(0))[index]
    firsts = range(0, count, batch)
    rates = [case.rate / (1 + (start + first) / 320) for first in firsts]
    if not one_by_one:
        engine.learn(index, distortions if case.distorted else None, rates)
        return
    for first, rate in zip(firsts, rates, strict=True):
        span = slice(first, first + batch)
        engine.learn(index[span], distortions[span] if case.distorted else None, [rate])


def begin(engine: Engine, name: str) -> None:
    case = CASES[name]
    distortions = DISTORTED.draw(30, case.spec.architecture.input_size, np.random.default_rng(1))
    engine.begin_epoch(np.arange(30), distortions if case.distorted else None)


def test_every_engine_has_its_cases() -> None:
    names = {kind: [pair.values[1] for pair in PAIRS if pair.values[0] is kind] for kind in KINDS}
    assert names.pop(TorchEngine) == list(CASES)
    for kind, supported in names.items():
        assert len(supported) >= 4, kind
    if names:
        assert {name for supported in names.values() for name in supported} == set(CASES)


@every_pair
def test_steps_are_torchs(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """The first step agrees to within a few roundings, forty more to within their growth. The counts are equal."""
    reference, engine = (made(one, name, small_data) for one in (TorchEngine, kind))
    batch = CASES[name].method.batch
    for one in (reference, engine):
        begin(one, name)
        learn(one, name, 0, batch)
    assert distance(engine.network, reference.network) <= 1e-5
    for one in (reference, engine):
        learn(one, name, batch, 40 * batch)
    assert distance(engine.network, reference.network) <= 1e-4
    expected, tally = reference.tally(), engine.tally()
    assert tally.loss == pytest.approx(expected.loss, rel=1e-5)
    assert (tally.misses, tally.count) == (expected.misses, 41 * batch)


@every_pair
def test_a_restored_engine_goes_on_bit_for_bit(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """It is restored in the middle of an epoch, where the estimates from the start of the epoch are not made again."""
    first, second = (made(kind, name, small_data) for _ in range(2))
    begin(first, name)
    learn(first, name, 0, 100)
    second.restore({key: tensor.clone() for key, tensor in first.state().items()})
    assert same_state(first, second)
    for engine in (first, second):
        learn(engine, name, 100, 100)
    assert same_state(first, second)
    assert first.tally() == second.tally()
    assert distance(first.network, second.network) == 0


@every_pair
def test_steps_taken_together_are_those_taken_one_by_one(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """They are the same bit for bit, with a smaller batch at the end."""
    together, apart = (made(kind, name, small_data) for _ in range(2))
    for engine in (together, apart):
        begin(engine, name)
        learn(engine, name, 0, 200 if CASES[name].method.batch > 1 else 9, one_by_one=engine is apart)
    assert same_state(together, apart)
    assert together.tally() == apart.tally()


@every_pair
def test_a_cleared_tally_is_empty(kind: type[Engine], name: str, small_data: Dataset) -> None:
    engine = made(kind, name, small_data)
    begin(engine, name)
    learn(engine, name, 0, 40)
    assert engine.tally().count == 40
    engine.clear_tally()
    assert (engine.tally().loss, engine.tally().misses, engine.tally().count) == (0, 0, 0)


@every_pair
def test_the_network_given_is_the_one_that_learns(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """If the method takes an average, the engine's network is another one."""
    case = CASES[name]
    network = Network(case.spec)
    initialise(network, "fan-in", seed=0)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    engine = kind(network, small_data.train, case.method, CPU, distortion=case.distortion)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))
    begin(engine, name)
    learn(engine, name, 0, 3 * case.method.batch)
    state = engine.state()
    for (key, parameter), old in zip(network.named_parameters(), before, strict=True):
        assert torch.equal(parameter, state[f"network.{key}"])
        assert not torch.equal(parameter, old)
        assert torch.equal(parameter, engine.network.get_parameter(key)) == (not case.method.average)


def reshaped(state: dict[str, torch.Tensor], key: str) -> dict[str, torch.Tensor]:
    """Return the state with a single number in place of the tensor `key`, or two numbers in place of a single one."""
    return state | {key: torch.zeros(()) if state[key].dim() else torch.zeros(2)}


@every_pair
def test_a_state_of_other_names_or_shapes_is_refused(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """Each tensor in turn has another shape, or is absent; once there is one too many. Nothing is changed then."""
    source, engine, untouched = (made(kind, name, small_data) for _ in range(3))
    begin(source, name)
    learn(source, name, 0, 40)
    state = source.state()
    wrong = [reshaped(state, key) for key in state]
    wrong += [{other: state[other] for other in state if other != key} for key in state]
    for one in [*wrong, state | {"network.c9.weight": torch.zeros(3)}]:
        with pytest.raises(InputError, match=r"^the state of the \w+.*: '.*' has the shape .*, but .* is expected$"):
            engine.restore(one)
    assert same_state(engine, untouched)


GOLDEN = {
    "momentum": [1.11112, 1.10052, 1.10164, 1.09547, 1.08719, 1.07495, 1.03775, 0.97847],
    "1998": [5.92443, 1.64401, 1.53231, 1.44923, 1.394, 1.36346, 1.33303, 1.30655],
}


@pytest.mark.parametrize(("kind", "name"), [pair for pair in PAIRS if pair.values[1] in GOLDEN])
def test_a_golden_loss_curve(kind: type[Engine], name: str, small_data: Dataset) -> None:
    """The losses of fifty times 32 pictures are those that the torch engine had when it was first written."""
    engine, losses = made(kind, name, small_data), []
    begin(engine, name)
    for turn in range(50):
        engine.clear_tally()
        index, steps = np.arange(5 * turn, 5 * turn + 32) % 320, -(-32 // CASES[name].method.batch)
        engine.learn(index, None, [CASES[name].rate] * steps)
        losses.append(engine.tally().loss / 32)
    assert losses[::7] == pytest.approx(GOLDEN[name], rel=1e-3)
