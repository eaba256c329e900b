"""`lenet models`, `recipes` and `data`: what there is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lenet.cli.arguments import parse
from lenet.cli.show import Screen
from lenet.data import CATALOGUE
from lenet.models import MODELS, build
from lenet.training.recipes import RECIPES


@dataclass(frozen=True)
class Options:
    """List what there is."""

    json: bool = False
    """one line of JSON on stdout"""


def models(arguments: list[str]) -> int:
    options = parse(Options, "models", arguments)
    rows = []
    for name in MODELS:
        network = build(name)
        size, numbers = network.architecture.input_size, network.parameter_count
        rows.append([name, f"{numbers:,}", f"{size}x{size}", " ".join(network.layers)])
    return _list(options, ["model", "parameters", "input", "layers"], rows)


def recipes(arguments: list[str]) -> int:
    options = parse(Options, "recipes", arguments)
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
    return _list(options, ["recipe", "data", "activation", "optimiser", "batch", "epochs"], rows)


def data(arguments: list[str]) -> int:
    options = parse(Options, "data", arguments)
    rows = [[name, entry.title, str(len(entry.classes)), entry.licence] for name, entry in CATALOGUE.items()]
    return _list(options, ["data", "what it is", "classes", "licence"], rows)


def _list(options: Options, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    if options.json:
        print(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
    else:
        Screen().table(columns, rows)
    return 0
