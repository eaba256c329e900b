"""`lenet cache`: the compiled kernels that are kept between processes; show how many there are, or delete them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lenet.cli.arguments import Command
from lenet.cli.show import Screen
from lenet.engines.halide.kept import VARIABLE, entries, size, store, trim
from lenet.records import with_leaves


@dataclass(frozen=True)
class Options:
    """The flags of `lenet cache`."""

    empty: bool = False
    json: bool = False


COMMAND = Command("cache", Options)


def run(arguments: list[str]) -> int:
    """Print the folder, the number of kept pipelines and their size, and return the exit code.

    If `arguments` has `--empty`, delete them first. With `--json`, print one line of JSON instead.
    """
    options = with_leaves(Options(), COMMAND.parse(arguments).given)
    folder = store()
    if folder and options.empty:
        trim(folder, -1)
    found = entries(folder) if folder else []
    taken = sum(map(size, found))
    if options.json:
        print(json.dumps({"folder": folder and str(folder), "pipelines": len(found), "bytes": taken}))
    elif folder:
        Screen().say(f"{folder}: {len(found)} compiled pipelines, {taken / 1e6:.1f} MB")
    else:
        Screen().say(f"nothing is kept, because {VARIABLE} turns it off")
    return 0
