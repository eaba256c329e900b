"""Both tutorials on their own data, over several seeds, beside the figures that they print.

    python -m reproduce.tutorials                        # everything: a quarter of an hour on 2 cores
    python -m reproduce.tutorials tutorial-pytorch-relu  # one of them; the others' results stay
    python -m reproduce.tutorials --plot                 # train nothing, take what there is

Writes docs/results/tutorials.json and .png; goes on, when it was interrupted, from the run folders in runs/, which
`--plot` reads as far as they have come. The tutorials look at the test set after training and so do these curves, after
every epoch; nothing is chosen by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from lenet.data import Dataset, load_dataset
from lenet.engines import Tally
from lenet.models.weights import read_tensors
from lenet.training.epoch import Record
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from lenet.training.run import RUNS, Run
from reproduce.common import RESULTS, chosen, machine, read_results, side_by_side, write_results
from reproduce.tutorials_plot import plot

TRAININGS = {  # recipe: (seeds, epochs)
    "tutorial-gluon": (3, 200),
    "tutorial-pytorch-relu": (5, 1),
    "tutorial-pytorch-sigmoid": (5, 1),
}
EVERY = 100  # steps: how often the PyTorch tutorial prints


def train(name: str, seed: int, epochs: int) -> dict[str, Any]:
    """The curves of one training: by epoch, and (within a single epoch) the means over every 100 steps."""
    recipe = replace(RECIPES[name], seed=seed, epochs=epochs)
    training = Training(recipe, tested_each_epoch(recipe.data))
    if epochs > 1:
        path = folder(name, seed)
        training.attach(Run.open(path) if path.exists() else Run.create(path, recipe, name))
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
    """The curves of the trainings that have a run folder, as far as they have come."""
    for name, (seeds, _) in TRAININGS.items():
        for seed in range(seeds):
            if folder(name, seed).exists():
                _, kept = read_tensors(Run.open(folder(name, seed)).state)
                history = [Record.from_dict(record) for record in kept["history"]]
                yield {"recipe": name, "seed": seed, **curves(history), "every_100_steps": []}


def tested_each_epoch(name: str) -> Dataset:
    """A data set whose test pictures are its validation split: what these tutorials, which have none, do."""
    dataset = load_dataset(name)
    return replace(dataset, validation=dataset.test)


def curves(history: list[Record]) -> dict[str, Any]:
    """Losses in nats and accuracies in percent after each epoch; the seconds of training alone."""
    scores = {
        "train": [record.train for record in history],
        "test": [record.validation for record in history if record.validation],
    }
    figures: dict[str, Any] = {"seconds": round(sum(record.seconds for record in history), 1)}
    for split, each in scores.items():
        figures[f"{split}_loss"] = [round(score.loss, 5) for score in each]
        figures[f"{split}_accuracy"] = [round(100 * score.accuracy, 3) for score in each]
    return figures


def means(tallies: list[Tally]) -> list[dict[str, float]]:
    """Loss and accuracy between each two of the running sums."""
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
    for result in under_way() if options.plot else side_by_side(train, calls):
        results.setdefault(result["recipe"], {})[str(result["seed"])] = result
        results["machine"] = machine()
        write_results("tutorials", results)
        epochs = len(result["train_loss"])
        print(f"{result['recipe']} seed {result['seed']}: {epochs} epochs, {result['seconds']} s", flush=True)
    plot(results, RESULTS / "tutorials.png")


if __name__ == "__main__":
    main()
