"""The common part of the verbs that list something."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lenet.cli.arguments import Command
from lenet.cli.show import Screen
from lenet.records import with_leaves


@dataclass(frozen=True)
class Options:
    """The flags of each such verb."""

    json: bool = False


def print_list(verb: str, arguments: list[str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Print the `rows` under their `columns`, as text or as JSON by the verb's `arguments`; return the exit code."""
    options = with_leaves(Options(), Command(verb, Options).parse(arguments).given)
    if options.json:
        print(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
    else:
        Screen().table(columns, rows)
    return 0
