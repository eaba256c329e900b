"""The torch engine takes the same step as torch written out by hand.

pytest tests/engines/test_torch_engine.py
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet.data import Dataset
from lenet.data.augment import Augmentation
from lenet.data.warp import warp
from lenet.engines.curvature import curvature
from lenet.engines.method import Method, Optimiser
from lenet.engines.torch import TorchEngine
from lenet.models.network import build

INDEX = np.array([3, 1, 4, 15, 9])


def engine(data: Dataset, *, average: float = 0.0, name: Optimiser = "sgd") -> TorchEngine:
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=data.classes)
    method = Method(optimiser=name, momentum=0.9, average=average)
    return TorchEngine(network, data.train, method, torch.device("cpu"))


@pytest.mark.parametrize("distorted", [False, True])
def test_one_step_is_plain_gradient_descent(small_data: Dataset, distorted: bool) -> None:
    made = engine(small_data)
    weights = {name: parameter.detach().clone() for name, parameter in made.network.named_parameters()}
    maps = Augmentation(shift=2, rotation=30).draw(len(INDEX), 8, np.random.default_rng(0)) if distorted else None
    pictures = torch.from_numpy(small_data.train.pictures[INDEX]).float()
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
    """Each parameter goes down its gradient by rate / (mu + h); h keeps the estimate from before the epoch."""
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3, activation="tanh")
    method = Method(optimiser="sdlm", damping=0.02, batch=5)
    made = TorchEngine(network, small_data.train, method, torch.device("cpu"))
    pictures, labels = (
        torch.from_numpy(small_data.train.pictures / 255).float(),
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
