"""The ways to train LeNet-5 with our package and with PyTorch: the same network, optimiser, batches and pictures.

A step gathers its batch from the pictures in memory, scales it and learns from it. Ours goes from uint8 pictures and
counts loss and misses. The bare loop is as one writes it, with torch's own layers and default optimiser, and has the
easier work: float tensors that were scaled beforehand, and nothing is counted. (Its C5 is a matrix product, which torch
computes faster than the same sum as a convolution.) Ours is told of as many steps at once as `lenet train` tells of,
`SPAN` pictures. Whole epochs are what `lenet train` does: a new order, the last batch half full, distortions where the
recipe has them, and the epoch's record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmarks.peak import peak
from benchmarks.worker import Maker, Pictures, Steps, serve, stepping
from lenet.data import Dataset, Split
from lenet.data.prepare import Preparation
from lenet.engines import compute_scores
from lenet.training.fit import SPAN, Training, make_network
from lenet.training.recipe import Recipe
from lenet.training.recipes import MNIST, TUTORIAL_GLUON

ENDLESS = 100_000  # epochs; more than any round takes
SPEED = Recipe(data="mnist", rate=0.01, momentum=0.9, epochs=ENDLESS)
GLUON = replace(TUTORIAL_GLUON, epochs=ENDLESS)
WITH_DISTORTIONS = replace(MNIST, validation=0.0, epochs=ENDLESS)
SIZE = SPEED.network.input_size


def as_dataset(pictures: Pictures) -> Dataset:
    split = Split(pictures.images, pictures.labels)
    return Dataset("mnist", split, split.take(np.arange(10)), tuple("0123456789"))


def by_step(recipe: Recipe, engine: str) -> Maker:
    def make(pictures: Pictures, batch: int) -> Steps:
        training = Training(replace(recipe, batch=batch), as_dataset(pictures), engine=engine)
        return stepping(pictures, max(1, SPAN // batch) * batch, training.learn)

    return make


def by_epoch(recipe: Recipe) -> Maker:
    """A step of this is a whole epoch."""

    def make(pictures: Pictures, batch: int) -> Steps:
        training = Training(replace(recipe, batch=batch), as_dataset(pictures), engine="halide")
        epochs = training.epochs(lambda: False)
        return lambda count: sum(epoch.train.count for epoch in islice(epochs, count))

    return make


def answers(engine: str) -> Maker:
    """A step of this answers so many pictures at once, from uint8 to scores."""

    def make(pictures: Pictures, batch: int) -> Steps:
        network = make_network(SPEED, as_dataset(pictures))
        return lambda count: sum(len(compute_scores(network, pictures.images[:batch], engine)) for _ in range(count))

    return make


class BareLoop:
    """What one writes without a package: tensors, a network, an optimiser."""

    def __init__(self) -> None:
        self.network = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=SPEED.rate, momentum=SPEED.momentum)

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.network(images), labels)

    def learn(self, images: Tensor, labels: Tensor) -> None:
        self.optimiser.zero_grad()
        self.loss(images, labels).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()


def scaled(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """All pictures as the network takes them, and their labels, as tensors in memory."""
    preparation = Preparation()
    return preparation.scale(preparation.frame(pictures.images, SIZE)), torch.from_numpy(pictures.labels)


def eager(pictures: Pictures, batch: int) -> Steps:
    return _in_memory(BareLoop(), pictures, batch)


def compiled(pictures: Pictures, batch: int) -> Steps:
    """The bare loop with its network and loss, forward and back, compiled for this size of batch."""
    loop = BareLoop()
    loop.loss = torch.compile(loop.loss)  # type: ignore[method-assign]
    steps = _in_memory(loop, pictures, batch)
    try:
        steps(1)
    except Exception as error:
        raise RuntimeError(f"did not compile: {str(error).strip().splitlines()[0]}") from error
    return steps


def _in_memory(loop: BareLoop, pictures: Pictures, batch: int) -> Steps:
    images, labels = scaled(pictures)

    def step(index: NDArray[np.int64]) -> None:
        chosen = torch.from_numpy(index)
        loop.learn(images[chosen], labels[chosen])

    return stepping(pictures, batch, step)


class OneByOne(TorchDataset[tuple[Tensor, int]]):
    """As tutorials write it: asked for one picture, it scales it and gives it with its label."""

    def __init__(self, pictures: Pictures) -> None:
        self._preparation = Preparation()
        self._images, self._labels = self._preparation.frame(pictures.images, SIZE), pictures.labels.tolist()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        return self._preparation.scale(self._images[position]), self._labels[position]


def from_loader(pictures: Pictures, batch: int) -> Steps:
    """The bare loop, fed by a DataLoader with a shuffled order and its other options left as they are."""
    loop, loader = BareLoop(), DataLoader(OneByOne(pictures), batch_size=batch, shuffle=True)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from loader

    endless = batches()

    def steps(count: int) -> int:
        seen = 0
        for images, labels in islice(endless, count):
            loop.learn(images, labels)
            seen += len(labels)
        return seen

    return steps


MAKERS: dict[str, Maker] = {
    "peak": peak,
    "lenet": by_step(SPEED, "halide"),
    "lenet, torch engine": by_step(SPEED, "torch"),
    "lenet, whole epochs": by_epoch(SPEED),
    "lenet, mnist recipe, whole epochs": by_epoch(WITH_DISTORTIONS),
    "PyTorch": eager,
    "PyTorch, compiled": compiled,
    "PyTorch, DataLoader": from_loader,
    "lenet, Gluon tutorial": by_step(GLUON, "halide"),
    "lenet, Gluon tutorial, whole epochs": by_epoch(GLUON),
    "lenet, answers": answers("halide"),
    "lenet, torch engine, answers": answers("torch"),
}

if __name__ == "__main__":
    serve(f"PyTorch {torch.__version__}", MAKERS)
