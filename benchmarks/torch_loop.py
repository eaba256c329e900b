"""Training by a recipe against a bare PyTorch loop over the same pictures in memory, side by side in one run.

    python -m benchmarks.torch_loop

Both train LeNet-5 with the `mnist` recipe's optimiser and batch on all cores. The bare loop is as one writes it:
torch's own layers and default optimiser, on float tensors that were prepared beforehand, without distortion, counting
or schedule. Ours goes from the uint8 pictures, with the recipe's distortions and figures, and once more without the
distortions. Inside the clock: gathering, preparing, the step. Outside: loading, and one warm-up round. Rounds
alternate, as machines drift; the ratio is the median of the rounds' ratios. Writes docs/results/torch-loop.json.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet.data import Dataset, load_dataset
from lenet.data.augment import Augmentation
from lenet.training.fit import Training
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from reproduce.common import machine, write_results

ROUNDS, STEPS = 25, 60


class BareLoop:
    """What one writes without a package: tensors, a network, an optimiser."""

    def __init__(self, recipe: Recipe, dataset: Dataset) -> None:
        self.network = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
        framed = recipe.preparation.frame(dataset.train.images, recipe.network.input_size)
        self.images = recipe.preparation.scale(framed)
        self.labels = torch.from_numpy(dataset.train.labels)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=recipe.rate, betas=(recipe.momentum, 0.999), weight_decay=recipe.weight_decay
        )

    def step(self, index: torch.Tensor) -> None:
        self.optimiser.zero_grad()
        F.cross_entropy(self.network(self.images[index]), self.labels[index]).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()


def rates(recipe: Recipe, dataset: Dataset) -> dict[str, list[float]]:
    """Pictures a second of each way in each round."""
    bare = BareLoop(recipe, dataset)
    plain = Training(replace(recipe, augmentation=Augmentation()), dataset)
    whole = Training(recipe, dataset)
    ways = {
        "bare loop": lambda index: bare.step(torch.from_numpy(index)),
        "lenet, no distortions": plain.step,
        "lenet": whole.step,
    }
    order = np.random.default_rng(0).permutation(len(dataset.train))[: STEPS * recipe.batch]
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, step in ways.items():
            started = perf_counter()
            for start in range(0, len(order), recipe.batch):
                step(order[start : start + recipe.batch])
            if turn:  # the first round warms up
                measured[name].append(len(order) / (perf_counter() - started))
    return measured


def main() -> None:
    recipe = replace(RECIPES["mnist"], validation=0.0)
    measured = rates(recipe, load_dataset(recipe.data))
    bare = measured["bare loop"]
    results: dict[str, Any] = {"machine": machine(), "threads": torch.get_num_threads(), "rounds": ROUNDS}
    for name, rounds in measured.items():
        ratio = median(ours / theirs for ours, theirs in zip(rounds, bare, strict=True))
        results[name] = {"images_per_second": round(median(rounds)), "ratio_to_bare_loop": round(ratio, 3)}
        print(f"{name:24}{median(rounds):>8,.0f} pictures/s   x {ratio:.2f}")
    write_results("torch-loop", results)


if __name__ == "__main__":
    main()
