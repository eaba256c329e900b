"""The torch engine: one step against torch written out, its state, its count, its choice of device.

Run: pytest tests/engines/test_torch_engine.py
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet.data import Dataset
from lenet.data.augment import Augmentation, warp
from lenet.engines import Method, TorchEngine, choose_device, choose_engine
from lenet.engines.curvature import curvature
from lenet.engines.method import Optimiser
from lenet.errors import InputError
from lenet.models import Network, build

INDEX = np.array([3, 1, 4, 15, 9])


def engine(data: Dataset, *, average: float = 0.0, name: Optimiser = "sgd") -> TorchEngine:
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=data.classes)
    method = Method(optimiser=name, momentum=0.9, average=average)
    return TorchEngine(network, data.train, method, torch.device("cpu"))


def same(first: Network, second: Network) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize("distorted", [False, True])
def test_one_step_is_plain_gradient_descent(small_data: Dataset, distorted: bool) -> None:
    made = engine(small_data)
    weights = {name: parameter.detach().clone() for name, parameter in made.network.named_parameters()}
    maps = Augmentation(shift=2, rotation=30).draw(len(INDEX), 8, np.random.default_rng(0)) if distorted else None
    pictures = torch.from_numpy(small_data.train.images[INDEX]).float()
    if maps is not None:
        pictures = warp(pictures, torch.from_numpy(maps))
    reference = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3)
    scores = reference(pictures / 255)
    loss = F.cross_entropy(scores, torch.from_numpy(small_data.train.labels[INDEX]))
    gradients = torch.autograd.grad(loss, list(reference.parameters()))
    made.learn(INDEX, maps, [0.5])
    for (name, parameter), gradient in zip(made.network.named_parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), weights[name] - 0.5 * gradient)
    tally = made.tally()
    assert tally.count == len(INDEX)
    assert tally.loss == pytest.approx(len(INDEX) * loss.item(), rel=1e-6)
    assert tally.misses == (scores.argmax(1).numpy() != small_data.train.labels[INDEX]).sum()


def test_the_average_is_the_moving_average_of_the_weights(small_data: Dataset) -> None:
    plain, averaged = engine(small_data), engine(small_data, average=0.75)
    expected: list[torch.Tensor] = []
    for step in range(5):
        for one in (plain, averaged):
            one.learn(INDEX + step, None, [0.1])
        now = [parameter.detach().clone() for parameter in plain.network.parameters()]
        expected = [0.75 * old + 0.25 * new for old, new in zip(expected, now, strict=True)] if expected else now
    for parameter, value in zip(averaged.network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value)


def test_a_step_of_sdlm_is_the_papers(small_data: Dataset) -> None:
    """Each parameter goes down its gradient by rate / (mu + h); h stays as it was estimated before the epoch."""
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3, activation="tanh")
    method = Method(optimiser="sdlm", damping=0.02, batch=5)
    made = TorchEngine(network, small_data.train, method, torch.device("cpu"))
    pictures, labels = (
        torch.from_numpy(small_data.train.images / 255).float(),
        torch.from_numpy(small_data.train.labels),
    )
    made.begin_epoch(np.arange(50), None)
    h = curvature(network, pictures[:50], labels[:50], F.cross_entropy)
    for _ in range(2):
        before = [parameter.detach().clone() for parameter in network.parameters()]
        loss = F.cross_entropy(network(pictures[INDEX]), labels[INDEX])
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        made.learn(INDEX, None, [0.01])
        for old, new, gradient, second in zip(before, network.parameters(), gradients, h, strict=True):
            torch.testing.assert_close(new.detach(), old - 0.01 / (0.02 + second) * gradient)


@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_restored_engine_goes_on_bit_for_bit(small_data: Dataset, name: Optimiser, average: float) -> None:
    first, second = (engine(small_data, average=average, name=name) for _ in range(2))
    for step in range(4):
        first.learn(INDEX + step, None, [0.01])
    second.restore({key: tensor.clone() for key, tensor in first.state().items()})
    for step in range(4):
        for one in (first, second):
            one.learn(INDEX + 2 * step, None, [0.01])
    assert same(first.network, second.network)
    assert first.tally() == second.tally()


def test_a_cleared_tally_is_empty(small_data: Dataset) -> None:
    made = engine(small_data)
    made.learn(INDEX, None, [0.1])
    made.clear_tally()
    assert (made.tally().loss, made.tally().misses, made.tally().count) == (0, 0, 0)


def test_a_golden_loss_curve(small_data: Dataset) -> None:
    """Fifty steps on fixed pictures; figures written down from the first run of this engine."""
    made, losses = engine(small_data), []
    for step in range(50):
        made.clear_tally()
        made.learn(np.arange(step * 5, step * 5 + 32) % 320, None, [0.1])
        losses.append(made.tally().loss / 32)
    assert losses[::7] == pytest.approx(GOLDEN, rel=1e-3)


GOLDEN = [1.11112, 1.10052, 1.10164, 1.09547, 1.08719, 1.07495, 1.03775, 0.97847]


def test_the_cpu_is_always_there_and_unknown_names_are_refused() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps", "xpu")
    with pytest.raises(InputError, match="unknown device 'cpuu': did you mean cpu"):
        choose_device("cpuu")
    with pytest.raises(InputError, match="unknown engine 'torc': did you mean torch"):
        choose_engine("torc", "cpu", build("lenet5"))


@pytest.mark.skipif(torch.accelerator.is_available(), reason="this machine has an accelerator")
def test_an_absent_accelerator_is_said() -> None:
    with pytest.raises(InputError, match="'cuda' is not in this machine: it has cpu"):
        choose_device("cuda")
