"""The time of a call to a kept `Predictor`, beside one that is made anew for every call.

    python -m benchmarks.predictor    # half a minute; writes docs/results/predictor.json

LeNet-5 with random weights, on all cores. The time beside the answer is what a call takes apart from the compiled
pipeline itself, which is timed within the same call.
"""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from lenet.inference.predictor import Predictor
from lenet.models.network import build
from reproduce.results import machine, write_results

CALLS = {1: 2000, 32: 2000, 1000: 300}  # pictures of a call: calls


class Timed:
    """A compiled pipeline that adds up the time of its calls."""

    def __init__(self, call: Any) -> None:
        self._call, self.seconds = call, 0.0

    def __call__(self, *arguments: Any) -> None:
        started = perf_counter()
        self._call(*arguments)
        self.seconds += perf_counter() - started


def measure(pictures: int, calls: int) -> dict[str, float]:
    """Return the median microseconds of a call with this number of pictures."""
    network = build("lenet5")
    kept, stored = Predictor(network), np.random.default_rng(0).integers(0, 256, (pictures, 1, 28, 28), np.uint8)
    times: dict[str, list[float]] = {"kept": [], "beside_the_answer": [], "made_anew": []}
    for _ in range(20):
        kept.logits(stored)  # to warm up
    answers: Any = kept._answer  # an `Answers`
    pipeline = answers._pipeline
    for _ in range(calls):
        timed = answers._pipeline = Timed(pipeline)
        started = perf_counter()
        kept.logits(stored)
        times["kept"].append(perf_counter() - started)
        times["beside_the_answer"].append(times["kept"][-1] - timed.seconds)
    for _ in range(calls):
        started = perf_counter()
        Predictor(network).logits(stored)
        times["made_anew"].append(perf_counter() - started)
    return {name: round(1e6 * median(each), 1) for name, each in times.items()}


def main() -> None:
    results: dict[str, object] = {"machine": machine()}
    for pictures, calls in CALLS.items():
        results[f"microseconds_{pictures}"] = measure(pictures, calls)
    write_results("predictor", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
