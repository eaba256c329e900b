"""The time per picture of the network of 1998, by its own recipe, with the compiled kernels and with torch.

    python -m benchmarks.single_patterns

Both engines run on one thread, in turns, on the same pictures of MNIST in the same process. The figures are the medians
of the rounds. The second derivatives, estimated before each pass over the 60,000 pictures, are timed beside the steps,
and each picture's time includes its share of them. The command writes docs/results/single-patterns.json.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

import torch

from lenet.data import Dataset, load_dataset
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from reproduce.results import machine, write_results

RECIPE = RECIPES["lecun1998"]
PATTERNS = {"halide": 20_000, "torch": 600}  # pictures in a round
ROUNDS = 7


class Timed:
    """A training on an engine, timed round by round: the seconds of the second derivatives, and those of the steps."""

    def __init__(self, engine: str, dataset: Dataset) -> None:
        started = perf_counter()
        self.training = Training(RECIPE, dataset, engine=engine)
        self.made = perf_counter() - started
        self.patterns = PATTERNS[engine]
        self.estimates: list[float] = []
        self.steps: list[float] = []

    def round(self) -> None:
        plan = self.training.plan
        started = perf_counter()
        self.training.engine.begin_epoch(*plan.sample(0))
        estimated = perf_counter()
        index, distortions = plan.presented(0)
        self.training.learn(index[: self.patterns], distortions)
        self.estimates.append(estimated - started)
        self.steps.append(perf_counter() - estimated)

    def summary(self, pictures: int) -> dict[str, Any]:
        """Return the medians of the rounds; the first one, which warms up, is not counted."""
        microseconds = [
            1e6 * (step / self.patterns + estimate / pictures)
            for step, estimate in zip(self.steps[1:], self.estimates[1:], strict=True)
        ]
        return {
            "microseconds_per_pattern": round(median(microseconds), 1),
            "lowest": round(min(microseconds), 1),
            "highest": round(max(microseconds), 1),
            "seconds_of_second_derivatives_per_pass": round(median(self.estimates[1:]), 3),
            "minutes_of_20_passes": round(median(microseconds) * pictures * RECIPE.epochs / 6e7, 2),
            "seconds_to_begin": round(self.made, 2),
        }


def main() -> None:
    torch.set_num_threads(1)
    dataset = load_dataset(RECIPE.data)
    timed = {engine: Timed(engine, dataset) for engine in PATTERNS}
    for _ in range(ROUNDS + 1):
        for each in timed.values():
            each.round()
    engines = {engine: each.summary(len(dataset.train)) for engine, each in timed.items()}
    ratios = [slow / fast for fast, slow in zip(*(each.steps[1:] for each in timed.values()), strict=True)]
    ratio = median(ratios) * PATTERNS["halide"] / PATTERNS["torch"]
    write_results(
        "single-patterns",
        {
            "command": "python -m benchmarks.single_patterns",
            "machine": machine(),
            "rounds": ROUNDS,
            "engines": engines,
            "torch_to_halide": round(ratio, 1),
        },
    )
    for engine, found in engines.items():
        print(engine, *(f"{name.replace('_', ' ')} {value}" for name, value in found.items()), sep=", ")
    print(f"torch takes {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
