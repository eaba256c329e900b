"""`lenet models`: the networks that are known by name."""

from __future__ import annotations

from lenet.cli.lists import print_list
from lenet.models.zoo import MODELS, specify


def run(arguments: list[str]) -> int:
    """Print a row for each network, or one line of JSON if `arguments` has `--json`; return the exit code."""
    return print_list("models", arguments, ["model", "parameters", "input", "layers"], [_row(name) for name in MODELS])


def _row(name: str) -> list[object]:
    spec = specify(name)
    side, layers = spec.architecture.input_size, " ".join(layer.name for layer in spec.layers)
    return [name, spec.parameter_count, f"{side}x{side}", layers]
