"""The Gluon tutorial's own training on MXNet, from new parameters.

    python -m reproduce.gluon_mxnet_worker FOLDER SEED EPOCHS

Runs in an interpreter that has mxnet and a numpy that it can use (before 1.24), and so imports no other package; see
gluon_mxnet.py, which starts it. Reads train.npz and test.npz in the folder; writes lines of JSON, first the versions,
then what each epoch gave. The tutorial loads the parameters of an earlier run, which is left out here. Its `DataLoader`
and a network that is not hybridised give an epoch the same loss, bit for bit, and take half as long again.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import mxnet as mx  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from mxnet import autograd, gluon  # type: ignore[import-not-found, unused-ignore]

from benchmarks.peer_mxnet import network
from benchmarks.worker import Pictures

RATE, DECAY, BATCH = 0.03, 0.001, 64


class Data:
    """Pictures in MXNet's memory, scaled as `ToTensor` does."""

    def __init__(self, path: Path) -> None:
        pictures = Pictures.load(path)
        self.images = mx.nd.array(pictures.images, dtype="float32") / 255
        self.labels = mx.nd.array(pictures.labels, dtype="float32")

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, order: Any, size: int) -> Iterator[tuple[Any, Any]]:
        """Pictures and labels in that order; the last batch is what is left."""
        for start in range(0, len(order), size):
            index = mx.nd.array(order[start : start + size], dtype="int32")
            yield self.images.take(index), self.labels.take(index)


def total_loss(net: Any, data: Data, trainer: Any) -> float:
    """The sum of the losses over an epoch of the tutorial's `train`, which steps by `BATCH` for the half one, too."""
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    total = 0.0
    for x, y in data.batches(np.random.permutation(len(data)), BATCH):
        with autograd.record():
            losses = loss(net(x), y)
        losses.backward()
        trainer.step(BATCH)
        total += float(losses.sum().asscalar())
    return total


def hits(net: Any, data: Data) -> int:
    """The number of pictures that are read rightly."""
    batches = data.batches(np.arange(len(data)), 1000)
    return sum(int((net(x).argmax(axis=1) == y).sum().asscalar()) for x, y in batches)


def train(folder: Path, seed: int, epochs: int) -> Iterator[dict[str, float]]:
    """The loss of each epoch as the tutorial prints it, the hits among the test pictures after it, its seconds."""
    mx.random.seed(seed)
    np.random.seed(seed)  # of the order, as in MXNet's `DataLoader`
    data, test = Data(folder / "train.npz"), Data(folder / "test.npz")
    net = network()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": RATE, "wd": DECAY})
    for _ in range(epochs):
        started = perf_counter()
        loss = total_loss(net, data, trainer) / len(data)
        seconds = perf_counter() - started
        yield {"loss": loss, "hits": hits(net, test), "seconds": seconds}


def main() -> None:
    versions = {"python": platform.python_version(), "mxnet": mx.__version__, "numpy": np.__version__}
    print(json.dumps(versions), flush=True)
    for figures in train(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
