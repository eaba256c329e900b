"""LeNet-5 in JAX: one jitted step on arrays in memory, scaled beforehand; the batch is gathered within it.

It is written the faster way wherever there are two: maps innermost in memory (NHWC), the maximum over a reshaped array
(not `reduce_window`), C5 as a matrix product. The module runs in an interpreter that has jax and numpy; see cpu.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]
import numpy as np

from benchmarks.worker import Pictures, Steps, serve, stepping

RATE, MOMENTUM = 0.01, 0.9
KERNELS = ((5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10))

Parameters = list[tuple[Any, Any]]


def initial() -> Parameters:
    random = np.random.default_rng(0)
    bounds = [1 / np.sqrt(np.prod(shape[:-1])) for shape in KERNELS]
    return [
        (jnp.asarray(random.uniform(-b, b, shape), jnp.float32), jnp.zeros(shape[-1], jnp.float32))
        for shape, b in zip(KERNELS, bounds, strict=True)
    ]


def convolved(x: Any, weight: Any, bias: Any) -> Any:
    sums = jax.lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jax.nn.relu(sums + bias)


def pooled(x: Any) -> Any:
    count, height, width, maps = x.shape
    return x.reshape(count, height // 2, 2, width // 2, 2, maps).max((2, 4))


def scores(parameters: Parameters, x: Any) -> Any:
    c1, c3, c5, f6, output = parameters
    x = pooled(convolved(pooled(convolved(x, *c1)), *c3)).reshape(len(x), -1)
    for weight, bias in (c5, f6):
        x = jax.nn.relu(x @ weight + bias)
    return x @ output[0] + output[1]


def loss(parameters: Parameters, x: Any, labels: Any) -> Any:
    logarithms = jax.nn.log_softmax(scores(parameters, x))
    return -jnp.take_along_axis(logarithms, labels[:, None], 1).mean()


@partial(jax.jit, donate_argnums=(0, 1))
def step(parameters: Parameters, momenta: Parameters, images: Any, labels: Any, index: Any) -> tuple[Any, Any]:
    gradients = jax.grad(loss)(parameters, images[index], labels[index])
    momenta = jax.tree.map(lambda momentum, gradient: MOMENTUM * momentum + gradient, momenta, gradients)
    return jax.tree.map(lambda weight, momentum: weight - RATE * momentum, parameters, momenta), momenta


def train(pictures: Pictures, batch: int) -> Steps:
    framed = np.pad(pictures.images[:, 0], ((0, 0), (2, 2), (2, 2)))[..., None]
    images, labels = jnp.asarray(framed, jnp.float32) / 255, jnp.asarray(pictures.labels, jnp.int32)
    state: tuple[Any, Any] = initial(), jax.tree.map(jnp.zeros_like, initial())

    def learn(index: Any) -> None:
        nonlocal state
        state = step(*state, images, labels, index)

    wait: Callable[[], object] = lambda: jax.block_until_ready(state)  # noqa: E731
    return stepping(pictures, batch, learn, wait)


if __name__ == "__main__":
    serve(f"JAX {jax.__version__}", {"JAX": train})
