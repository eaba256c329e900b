"""`lenet recipes`: the recipes that are known by name."""

from __future__ import annotations

from lenet.cli.lists import print_list
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

COLUMNS = ["recipe", "data", "activation", "optimiser", "batch", "epochs"]


def run(arguments: list[str]) -> int:
    """Print a row for each recipe."""
    return print_list("recipes", arguments, COLUMNS, [_row(name, recipe) for name, recipe in RECIPES.items()])


def _row(name: str, recipe: Recipe) -> list[str]:
    method = recipe.method
    return [
        name,
        recipe.data,
        recipe.network.activation,
        f"{method.optimiser} {recipe.rate:g}, {recipe.schedule}",
        str(method.batch),
        str(recipe.epochs),
    ]
