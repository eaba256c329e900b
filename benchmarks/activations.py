"""The speed of training with each activation: compiled kernels in batches and for single pictures, and torch.

    python -m benchmarks.activations    # four minutes; writes docs/results/activations.json

LeNet-5 in batches of 64, and the network of 1998 by single pictures, on random pictures and all cores. The activations
take turns; each figure is the median of its rounds. Compiling is not timed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import torch

from lenet.data import Split
from lenet.engines.choose import choose_engine
from lenet.engines.method import Method
from lenet.models.activations import ACTIVATIONS, Activation
from lenet.models.network import build
from reproduce.results import machine, write_results

ROUNDS = 7
BATCHES = Method(optimiser="adamw", momentum=0.9, batch=64)
SINGLE = Method(batch=1)
COUNTS = {"halide": 8192, "torch": 1024, "single": 2048}  # pictures in a round

Round = Callable[[], float]


def rounds_of(kind: str, activation: Activation, split: Split) -> Round:
    """Return a function that learns from a round of pictures and returns the pictures a second."""
    method = SINGLE if kind == "single" else BATCHES
    network = build("lenet5-1998" if kind == "single" else "lenet5", activation=activation)
    choice = choose_engine("torch" if kind == "torch" else "halide", "cpu", network.spec, method)
    engine = choice.engine(network, split, method, choice.device)
    index, rates = np.arange(COUNTS[kind]), [1e-6] * -(-COUNTS[kind] // method.batch)

    def learn() -> float:
        started = perf_counter()
        engine.learn(index, None, rates)
        engine.tally()
        return len(index) / (perf_counter() - started)

    return learn


def main() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (max(COUNTS.values()), 1, 28, 28), dtype=np.uint8)
    split = Split(pictures, random.integers(0, 10, len(pictures)))
    learning = {(name, kind): rounds_of(kind, name, split) for name in ACTIVATIONS for kind in COUNTS}
    speeds: dict[tuple[Activation, str], list[float]] = {key: [] for key in learning}
    for turn in range(ROUNDS + 1):
        for key, learn in learning.items():
            speed = learn()
            if turn:  # the first round warms up
                speeds[key].append(speed)
    found = {key: median(each) for key, each in speeds.items()}
    table = {
        name: {
            "images_per_second": round(found[name, "halide"]),
            "share_of_relu": round(found[name, "halide"] / found["relu", "halide"], 3),
            "torch_images_per_second": round(found[name, "torch"]),
            "times_torch": round(found[name, "halide"] / found[name, "torch"], 1),
            "single_microseconds": round(1e6 / found[name, "single"], 1),
        }
        for name in ACTIVATIONS
    }
    results = {"machine": machine(), "threads": torch.get_num_threads(), "rounds": ROUNDS, "activations": table}
    write_results("activations", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
