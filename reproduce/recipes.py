"""The modern recipes over several seeds: the last epoch's test error, read once for each seed.

    python -m reproduce.recipes              # all: an hour and a half on 2 cores
    python -m reproduce.recipes mnist        # one of them; the results of the others stay

The command writes docs/results/recipes.json.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean, median, stdev
from typing import Any

from lenet.inference.evaluate import evaluate
from lenet.jobs import run_side_by_side
from lenet.training.data import load_training_data
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from reproduce.results import chosen, machine, read_results, write_results

SEEDS = {"mnist": 10, "mnist-fast": 30, "fashion-mnist": 10, "fashion-mnist-fast": 30}


def train(name: str, seed: int) -> dict[str, Any]:
    """Train the recipe `name` with `seed`, and return the scores of its network on the test pictures."""
    recipe = replace(RECIPES[name], seed=seed)
    dataset = load_training_data(recipe)
    training = Training(recipe, dataset)
    seconds = sum(epoch.seconds for epoch in training.epochs(lambda: False))
    result = evaluate(training.kept_network(), dataset.test)
    return {"recipe": name, "seed": seed, "seconds": round(seconds, 1), "epochs": recipe.epochs, **result.as_dict()}


def summary(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean and the standard deviation of the test errors of `seeds`, in percent, and the seeds in order."""
    errors = [100 * (1 - run["accuracy"]) for run in seeds]
    return {
        "test_error_mean": round(mean(errors), 3),
        "test_error_sd": round(stdev(errors), 3) if len(errors) > 1 else None,
        "training_seconds_median": median(run["seconds"] for run in seeds),
        "seeds": sorted(seeds, key=lambda run: run["seed"]),
        "machine": machine(),
    }


def main() -> None:
    names = chosen(__doc__, SEEDS).names
    results = read_results("recipes")
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    calls = sorted(((name, seed) for name in names for seed in range(SEEDS[name])), key=lambda call: call[1])
    for result in run_side_by_side(train, calls):
        name = result["recipe"]
        runs[name].append(result)
        results[name] = summary(runs[name])
        write_results("recipes", results)  # after each seed: what was measured stays if the command is stopped
        print(
            f"{name} seed {result['seed']}: {result['misses']} misses, {result['seconds']} s; mean "
            f"{results[name]['test_error_mean']} % of {len(runs[name])}",
            flush=True,
        )


if __name__ == "__main__":
    main()
