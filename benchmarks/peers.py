"""The ways to train LeNet-5 with our package and with PyTorch: the same network, optimiser, batches and pictures.

A step gathers its batch from the pictures in memory, scales it and learns from it. Ours starts from uint8 pictures and
counts loss and misses. It is given the steps of `SPAN` pictures at once, as by `lenet train`. The bare loop is written
as one usually writes it, with torch's own layers and default optimiser. It has easier work: its float tensors are
scaled beforehand, and nothing is counted. (Its C5 is a matrix product, which torch computes faster than the same sum as
a convolution.) A whole epoch is that of `lenet train`: a new order, a last batch that is half full, distortions if the
recipe has them, and the epoch's summary.
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
from lenet.engines.method import Method
from lenet.inference.predictor import Predictor
from lenet.records import with_leaves
from lenet.training.fit import SPAN, Training
from lenet.training.recipe import Recipe
from lenet.training.recipes import MNIST, TUTORIAL_GLUON
from lenet.training.start import make_network

ENDLESS = 100_000  # epochs; more than any round takes
SPEED = Recipe(data="mnist", method=Method(momentum=0.9), rate=0.01, epochs=ENDLESS)
GLUON = replace(TUTORIAL_GLUON, epochs=ENDLESS)
WITH_DISTORTIONS = replace(MNIST, validation=0.0, epochs=ENDLESS)
SIZE = SPEED.network.input_size


def as_dataset(pictures: Pictures) -> Dataset:
    split = Split(pictures.images, pictures.labels)
    return Dataset("mnist", split, split.take(np.arange(10)), tuple("0123456789"))


def by_step(recipe: Recipe, engine: str) -> Maker:
    def make(pictures: Pictures, batch: int) -> Steps:
        training = Training(with_leaves(recipe, {"batch": batch}), as_dataset(pictures), engine=engine)
        return stepping(pictures, max(1, SPAN // batch) * batch, training.learn)

    return make


def by_epoch(recipe: Recipe) -> Maker:
    """Return a maker whose step is a whole epoch."""

    def make(pictures: Pictures, batch: int) -> Steps:
        training = Training(with_leaves(recipe, {"batch": batch}), as_dataset(pictures), engine="halide")
        epochs = training.epochs(lambda: False)
        return lambda count: sum(epoch.train.count for epoch in islice(epochs, count))

    return make


def answers(engine: str) -> Maker:
    """Return a maker whose step answers a whole batch of pictures at once, from uint8 to logits."""

    def make(pictures: Pictures, batch: int) -> Steps:
        predictor = Predictor(make_network(SPEED, as_dataset(pictures)), engine=engine)
        return lambda count: sum(len(predictor.logits(pictures.images[:batch])) for _ in range(count))

    return make


class BareLoop:
    """A loop as one writes it without a package: tensors, a network, an optimiser."""

    def __init__(self) -> None:
        self.network = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=SPEED.rate, momentum=SPEED.method.momentum)

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.network(images), labels)

    def learn(self, images: Tensor, labels: Tensor) -> None:
        self.optimiser.zero_grad()
        self.loss(images, labels).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()


def scaled(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Return all pictures as the network takes them, and their labels, as tensors in memory."""
    return Preparation().scale(framed(pictures)), torch.from_numpy(pictures.labels)


def framed(pictures: Pictures) -> Tensor:
    return torch.from_numpy(Preparation().frame(pictures.images, SIZE))


def eager(pictures: Pictures, batch: int) -> Steps:
    return _in_memory(BareLoop(), pictures, batch)


def compiled(pictures: Pictures, batch: int) -> Steps:
    """Return the steps of the bare loop with its network and loss, forward and back, compiled for this `batch`."""
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
    """A data set as tutorials write it: asked for one picture, it scales the picture and returns it with its label."""

    def __init__(self, pictures: Pictures) -> None:
        self._preparation = Preparation()
        self._images, self._labels = framed(pictures), pictures.labels.tolist()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        return self._preparation.scale(self._images[position]), self._labels[position]


def from_loader(pictures: Pictures, batch: int) -> Steps:
    """Return the steps of the bare loop, fed by a DataLoader that shuffles, otherwise with its default options."""
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
