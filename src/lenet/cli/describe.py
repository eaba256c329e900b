"""`lenet describe`: a table of the layers of a network and what they cost; flags change settings of a named network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lenet.cli.arguments import Asked, Command
from lenet.cli.show import Screen
from lenet.errors import InputError, unknown
from lenet.models.architecture import Architecture
from lenet.models.describe import Row, describe
from lenet.models.spec import Spec
from lenet.models.weights import read
from lenet.models.zoo import MODELS, specify
from lenet.records import with_leaves

DEFAULT = "lenet5"


@dataclass(frozen=True)
class Options:
    """The flags of `lenet describe` besides those of the architecture."""

    json: bool = False


COMMAND = Command("describe", Options, Architecture)


def run(arguments: list[str]) -> int:
    """Print a table of the layers with their totals, and return the exit code.

    If `arguments` has `--json`, print the layers as one line of JSON instead.
    """
    asked = COMMAND.parse(arguments, lambda asked: [_named(asked).architecture])
    options, spec = with_leaves(Options(), asked.given), _named(asked)
    architecture = with_leaves(spec.architecture, asked.given)
    if architecture != spec.architecture:
        spec = _changed(_name(asked), architecture)
    rows = describe(spec)
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        _show(rows)
    return 0


def _name(asked: Asked) -> str:
    return asked.words[0] if asked.words else DEFAULT


def _named(asked: Asked) -> Spec:
    """Return the spec of the network that `asked` names, by default `DEFAULT`; a path names a trained network.

    Raises `InputError` when there is no such network, or when its file cannot be read.
    """
    name = _name(asked)
    if name in MODELS:
        return specify(name)
    if not Path(name).exists() and "/" not in name:  # a word that is not a path was meant as a name
        raise unknown("model", name, MODELS)
    return read(name).spec


def _changed(name: str, architecture: Architecture) -> Spec:
    if name not in MODELS:
        raise InputError(f"{name} is trained, and its numbers are what they are: the flags are for {', '.join(MODELS)}")
    return specify(name, **vars(architecture))


def _show(rows: list[Row]) -> None:
    totals = [sum(getattr(row, name) for row in rows) for name in ("parameters", "connections", "multiplications")]
    Screen().table(
        ["layer", "kind", "maps", "size", "kernel", "parameters", "connections", "multiply-adds"],
        [
            [
                row.layer,
                row.kind,
                row.maps,
                f"{row.height}x{row.width}",
                f"{row.kernel}x{row.kernel}" if row.kernel else None,
                row.parameters,
                row.connections,
                row.multiplications,
            ]
            for row in rows
        ],
        footer=["total", None, None, None, None, *totals],
    )
