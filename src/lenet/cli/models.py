"""`lenet models`: the networks that are known by name."""

from __future__ import annotations

from lenet.cli.lists import print_list
from lenet.models.zoo import MODELS, specify


def run(arguments: list[str]) -> int:
    """Print a row for each network."""
    return print_list("models", arguments, ["model", "parameters", "input", "layers"], [_row(name) for name in MODELS])


def _row(name: str) -> list[str]:
    spec = specify(name)
    side, layers = spec.architecture.input_size, " ".join(layer.name for layer in spec.layers)
    return [name, f"{spec.parameter_count:,}", f"{side}x{side}", layers]
