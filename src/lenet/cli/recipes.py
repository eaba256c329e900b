"""`lenet recipes`: the recipes that are known by name."""

from __future__ import annotations

from lenet.cli.lists import print_list
from lenet.data.augment import Augmentation
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

COLUMNS = ["recipe", "data", "optimiser", "batch", "epochs", "distorted"]


def run(arguments: list[str]) -> int:
    """Print a row for each recipe, or one line of JSON if `arguments` has `--json`; return the exit code."""
    return print_list("recipes", arguments, COLUMNS, [_row(name, recipe) for name, recipe in RECIPES.items()])


def _row(name: str, recipe: Recipe) -> list[object]:
    method = recipe.method
    return [name, recipe.data, method.optimiser, method.batch, recipe.epochs, _distorted(recipe.augmentation)]


def _distorted(augmentation: Augmentation) -> str | None:
    if not augmentation:
        return None
    return f"{augmentation.copies} copies" if augmentation.copies else "anew"
