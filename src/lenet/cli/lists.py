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
    """The flags of each verb that lists something."""

    json: bool = False


def print_list(verb: str, arguments: list[str], columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Print `rows` under the headings `columns`, or as one line of JSON if the `arguments` of `verb` have `--json`.

    Return the exit code. For `--help`, print the help and raise `SystemExit`. Raises `InputError` for any other
    argument.
    """
    options = with_leaves(Options(), Command(verb, Options).parse(arguments).given)
    if options.json:
        print(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
    else:
        Screen().table(columns, rows)
    return 0
