"""Both tutorials on their own data, over several seeds, beside the figures that they print.

    python -m reproduce.tutorials                        # everything: 50 minutes on 2 cores
    python -m reproduce.tutorials tutorial-pytorch-relu  # one of them; the others' results stay
    python -m reproduce.tutorials --plot                 # only the picture, from the results there are

Writes docs/results/tutorials.json and .png. The tutorials look at the test set after training and so do these curves,
after every epoch; nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

from lenet.data import load_dataset
from lenet.training.evaluate import evaluate
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from reproduce.common import RESULTS, machine, read_results, side_by_side, write_results
from reproduce.tutorials_plot import plot

RUNS = {  # recipe: (seeds, epochs)
    "tutorial-gluon": (3, 200),
    "tutorial-pytorch-relu": (5, 1),
    "tutorial-pytorch-sigmoid": (5, 1),
}
EVERY = 100  # steps: how often the PyTorch tutorial prints


def train(name: str, seed: int, epochs: int) -> dict[str, Any]:
    """The curves of one training: by epoch, and (within one epoch) the mean over every 100 steps."""
    dataset = load_dataset(RECIPES[name].data)
    training = Training(replace(RECIPES[name], seed=seed, epochs=epochs), dataset)
    tallies = []

    def watch() -> bool:
        if epochs == 1 and training.progress.step % EVERY == 0:
            tallies.append(training.engine.tally())
        return False

    curves: dict[str, Any] = {"train_loss": [], "train_accuracy": [], "test_loss": [], "test_accuracy": []}
    started = time.perf_counter()
    for epoch in training.epochs(watch):
        for split, score in ("train", epoch.train), ("test", evaluate(epoch.network, dataset.test).score):
            curves[f"{split}_loss"].append(round(score.loss, 5))
            curves[f"{split}_accuracy"].append(round(100 * score.accuracy, 3))
    steps = [
        {
            "loss": round((now.loss - before.loss) / (now.count - before.count), 4),
            "accuracy": round(100 - 100 * (now.misses - before.misses) / (now.count - before.count), 2),
        }
        for before, now in pairwise(tallies)
    ]
    seconds = round(time.perf_counter() - started, 1)
    return {"recipe": name, "seed": seed, "seconds": seconds, **curves, "every_100_steps": steps}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipes", nargs="*", default=list(RUNS), choices=[*RUNS, []])
    parser.add_argument("--plot", action="store_true", help="only draw the picture")
    options = parser.parse_args()
    results = read_results("tutorials")
    if not options.plot:
        calls = [(name, seed, RUNS[name][1]) for name in options.recipes for seed in range(RUNS[name][0])]
        for result in side_by_side(train, calls):
            results.setdefault(result["recipe"], {})[str(result["seed"])] = result
            results["machine"] = machine()
            write_results("tutorials", results)
            print(f"{result['recipe']} seed {result['seed']}: {result['seconds']} s", flush=True)
    plot(results, RESULTS / "tutorials.png")


if __name__ == "__main__":
    main()
