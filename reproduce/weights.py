"""The networks that come with lenet, trained again from nothing: the same bits on one machine.

    python -m reproduce.weights              # all: an hour on 2 cores
    python -m reproduce.weights handwriting  # one of them; the others stay

For each, the command writes a weight file to src/lenet/models/shipped/, in half precision, a model card to docs/models/
and its scores to docs/results/weights.json. The scores are those of the file as written.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lenet.data import Dataset
from lenet.files import write_atomically
from lenet.inference.evaluate import Evaluation, evaluate
from lenet.models.network import Network
from lenet.models.weights import SHIPPED, read
from lenet.report.card import model_card
from lenet.tensors import write_tensors
from lenet.training.data import load_training_data
from lenet.training.fit import Training
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from reproduce.results import chosen, machine, read_results, write_results

NETWORKS = {
    "mnist": RECIPES["mnist"],
    "fashion-mnist": RECIPES["fashion-mnist"],
    "lenet5-1998": replace(RECIPES["lecun1998-beyond"], validation=0.05),  # held out for the calibration alone
    "handwriting": RECIPES["handwriting"],
}
CARDS = Path(__file__).parent.parent / "docs" / "models"


def make(name: str, recipe: Recipe) -> dict[str, Any]:
    """Train the network `name` by `recipe`, write its weight file and its card, and return its scores."""
    dataset = load_training_data(recipe)
    training = Training(recipe, dataset)
    seconds = 0.0
    for epoch in training.epochs(lambda: False):
        seconds += epoch.seconds
        print(f"{name}: epoch {epoch.epoch}, {epoch.train.error:.2f} % during training", flush=True)
    _write(name, training.kept_network(), recipe)
    tested = evaluate(read(name), dataset.test)
    how = {"engine": training.engine.name, "device": str(training.engine.device), "run": name}
    report = {**how, "epochs": recipe.epochs, "seconds": seconds}
    _write_card(name, recipe, dataset, tested, report)
    scores = {
        **tested.as_dict(),
        "misses_by_class": (tested.confusion().sum(1) - tested.confusion().diagonal()).tolist(),
        "calibration_error": round(tested.calibration_error, 5),
        "calibration": asdict(read(name).spec.calibration),
    }
    print(f"{name}: {tested.misses} misses of {tested.count}, calibration error {tested.calibration_error:.4f}")
    return {**scores, "seed": recipe.seed, "epochs": recipe.epochs, "seconds": round(seconds, 1), "machine": machine()}


def _write(name: str, network: Network, recipe: Recipe) -> None:
    SHIPPED.mkdir(exist_ok=True)
    halves = {key: weights.half() for key, weights in network.state_dict().items()}
    about = {"data": recipe.data, "made_by": f"python -m reproduce.weights {name}", "seed": recipe.seed}
    write_tensors(SHIPPED / f"{name}.safetensors", halves, {**asdict(network.spec), "about": about})


def _write_card(name: str, recipe: Recipe, dataset: Dataset, tested: Evaluation, report: dict[str, Any]) -> None:
    CARDS.mkdir(exist_ok=True)
    card = model_card(recipe, dataset, read(name).spec, tested, report)
    write_atomically(CARDS / f"{name}.md", card.encode())


def main() -> None:
    results = read_results("weights")
    for name in chosen(__doc__, NETWORKS).names:
        results[name] = make(name, NETWORKS[name])
        write_results("weights", results)


if __name__ == "__main__":
    main()
