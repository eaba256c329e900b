"""`lenet models`, `recipes` and `data`: what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lenet.cli.arguments import parse
from lenet.cli.show import Screen
from lenet.data import CATALOGUE
from lenet.models import MODELS, build
from lenet.training.recipes import RECIPES


@dataclass(frozen=True)
class Nothing:
    """List what there is."""


def models(arguments: list[str]) -> int:
    parse(Nothing, "models", arguments)
    rows = []
    for name in MODELS:
        network = build(name)
        size, numbers = network.architecture.input_size, sum(p.numel() for p in network.parameters())
        rows.append([name, f"{numbers:,}", f"{size}x{size}", " ".join(network.layers)])
    return _list(["model", "parameters", "input", "layers"], rows)


def recipes(arguments: list[str]) -> int:
    parse(Nothing, "recipes", arguments)
    rows = [
        [
            name,
            recipe.data,
            recipe.network.activation,
            f"{recipe.optimiser} {recipe.rate:g}, {recipe.schedule}",
            str(recipe.batch),
            str(recipe.epochs),
        ]
        for name, recipe in RECIPES.items()
    ]
    return _list(["recipe", "data", "activation", "optimiser", "batch", "epochs"], rows)


def data(arguments: list[str]) -> int:
    parse(Nothing, "data", arguments)
    rows = [[name, entry.title, str(len(entry.classes)), entry.licence] for name, entry in CATALOGUE.items()]
    return _list(["data", "what it is", "classes", "licence"], rows)


def _list(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    Screen().table(columns, rows)
    return 0
