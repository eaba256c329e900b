"""Both tutorials on their own data, over several seeds, beside the numbers that they print.

    python -m reproduce.tutorials                        # everything: a quarter of an hour on 2 cores
    python -m reproduce.tutorials tutorial-pytorch-relu  # one of them; the others' results stay
    python -m reproduce.tutorials --plot                 # train nothing, take what there is

The command writes docs/results/tutorials.json and .png. If it was interrupted, it goes on from the run folders in
runs/; `--plot` reads those as far as they have come. The tutorials look at the test set after training. These curves do
so after every epoch, but nothing is chosen by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from lenet.engines.engine import Tally
from lenet.jobs import run_side_by_side
from lenet.tensors import read_tensors
from lenet.training.epoch import EpochSummary
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from lenet.training.run import RUNS, Run
from reproduce.results import RESULTS, chosen, machine, read_results, tested_each_epoch, write_results
from reproduce.tutorials_plot import plot

TRAININGS = {  # recipe: (seeds, epochs)
    "tutorial-gluon": (3, 200),
    "tutorial-pytorch-relu": (5, 1),
    "tutorial-pytorch-sigmoid": (5, 1),
}
EVERY = 100  # steps between two figures that the PyTorch tutorial prints


def train(name: str, seed: int, epochs: int) -> dict[str, Any]:
    """Return the curves of one training: by epoch, and (for a single epoch) the means over every 100 steps."""
    recipe = replace(RECIPES[name], seed=seed, epochs=epochs)
    training = Training(recipe, tested_each_epoch(recipe.data))
    if epochs > 1:
        path = folder(name, seed)
        training.resume(Run.open(path) if path.exists() else Run.create(path, recipe, name))
    tallies: list[Tally] = []

    def watch() -> bool:
        if epochs == 1 and training.progress.step % EVERY == 0:
            tallies.append(training.engine.tally())
        return False

    for _ in training.epochs(watch, every=EVERY):
        pass
    return {"recipe": name, "seed": seed, **curves(training.progress.history), "every_100_steps": means(tallies)}


def folder(name: str, seed: int) -> Path:
    return RUNS / f"{name}-seed{seed}"


def under_way() -> Iterator[dict[str, Any]]:
    """Yield the curves of the trainings that have a run folder, as far as they have come."""
    for name, (seeds, _) in TRAININGS.items():
        for seed in range(seeds):
            if folder(name, seed).exists():
                _, saved = read_tensors(Run.open(folder(name, seed)).state)
                history = [EpochSummary.from_dict(summary) for summary in saved["history"]]
                yield {"recipe": name, "seed": seed, **curves(history), "every_100_steps": []}


def curves(history: list[EpochSummary]) -> dict[str, Any]:
    """Return losses in nats and accuracies in percent after each epoch, and the seconds of training alone."""
    scores = {
        "train": [epoch.train for epoch in history],
        "test": [epoch.validation for epoch in history if epoch.validation],
    }
    found: dict[str, Any] = {"seconds": round(sum(epoch.seconds for epoch in history), 1)}
    for split, each in scores.items():
        found[f"{split}_loss"] = [round(score.loss, 5) for score in each]
        found[f"{split}_accuracy"] = [round(100 * score.accuracy, 3) for score in each]
    return found


def means(tallies: list[Tally]) -> list[dict[str, float]]:
    """Return the mean loss and the accuracy between each two of the running sums `tallies`."""
    return [
        {
            "loss": round((now.loss - before.loss) / (now.count - before.count), 4),
            "accuracy": round(100 - 100 * (now.misses - before.misses) / (now.count - before.count), 2),
        }
        for before, now in pairwise(tallies)
    ]


def main() -> None:
    options = chosen(__doc__, TRAININGS)
    results = read_results("tutorials")
    calls = [(name, seed, TRAININGS[name][1]) for name in options.names for seed in range(TRAININGS[name][0])]
    for result in under_way() if options.plot else run_side_by_side(train, calls):
        results.setdefault(result["recipe"], {})[str(result["seed"])] = result
        results["machine"] = machine()
        write_results("tutorials", results)
        epochs = len(result["train_loss"])
        print(f"{result['recipe']} seed {result['seed']}: {epochs} epochs, {result['seconds']} s", flush=True)
    plot(results, RESULTS / "tutorials.png")


if __name__ == "__main__":
    main()
