"""The modern recipes over several seeds: the last epoch's test error, read once for each seed.

    python -m reproduce.recipes              # all: an hour and a half on 2 cores
    python -m reproduce.recipes mnist        # one of them; the results of the others stay

The command writes docs/results/recipes.json.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean, stdev
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


def main() -> None:
    names = chosen(__doc__, SEEDS).names
    results = read_results("recipes")
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for result in run_side_by_side(train, [(name, seed) for name in names for seed in range(SEEDS[name])]):
        runs[result["recipe"]].append(result)
        print(f"{result['recipe']} seed {result['seed']}: {result['misses']} misses, {result['seconds']} s", flush=True)
    for name, seeds in runs.items():
        errors = [100 * (1 - run["accuracy"]) for run in seeds]
        results[name] = {
            "test_error_mean": round(mean(errors), 3),
            "test_error_sd": round(stdev(errors), 3),
            "seeds": sorted(seeds, key=lambda run: run["seed"]),
            "machine": machine(),
        }
        print(f"{name}: test error {mean(errors):.2f} +- {stdev(errors):.2f} % over {len(errors)} seeds")
    write_results("recipes", results)


if __name__ == "__main__":
    main()
