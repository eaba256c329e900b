"""The Gluon tutorial's network (28x28, tanh, plain SGD) in MXNet, hybridised, on arrays in memory, scaled beforehand.

The module runs in an interpreter that has mxnet and a numpy that mxnet can use (before 1.24); see cpu.py.
"""

from __future__ import annotations

from typing import Any

import mxnet as mx  # type: ignore[import-not-found, unused-ignore]
from mxnet import autograd, gluon  # type: ignore[import-not-found, unused-ignore]
from mxnet.gluon import nn  # type: ignore[import-not-found, unused-ignore]

from benchmarks.worker import Pictures, Steps, serve, stepping


def network() -> Any:
    made = nn.HybridSequential()
    made.add(
        nn.Conv2D(6, 5, activation="tanh"), nn.MaxPool2D(2, 2), nn.Conv2D(16, 5, activation="tanh"), nn.MaxPool2D(2, 2),
        nn.Flatten(), nn.Dense(120, activation="tanh"), nn.Dense(84, activation="tanh"), nn.Dense(10),
    )  # fmt: skip
    made.initialize(mx.init.Xavier())
    made.hybridize(static_alloc=True, static_shape=True)
    return made


def train(pictures: Pictures, batch: int) -> Steps:
    images, labels = mx.nd.array(pictures.images, dtype="float32") / 255, mx.nd.array(pictures.labels)
    made, loss = network(), gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(made.collect_params(), "sgd", {"learning_rate": 0.03, "wd": 0.001})

    def step(index: Any) -> None:
        chosen = mx.nd.array(index, dtype="int32")
        x, y = images.take(chosen), labels.take(chosen)
        with autograd.record():
            losses = loss(made(x), y)
        losses.backward()
        trainer.step(batch)

    return stepping(pictures, batch, step, mx.nd.waitall)


if __name__ == "__main__":
    serve(f"MXNet {mx.__version__}", {"MXNet, Gluon tutorial": train})
