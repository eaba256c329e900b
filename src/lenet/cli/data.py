"""`lenet data`: the data sets that are known by name."""

from __future__ import annotations

from lenet.cli.lists import print_list
from lenet.data.catalogue import CATALOGUE


def run(arguments: list[str]) -> int:
    """Print a row for each data set, or one line of JSON if `arguments` has `--json`; return the exit code."""
    rows = [[name, entry.title, len(entry.classes), entry.licence] for name, entry in CATALOGUE.items()]
    return print_list("data", arguments, ["data", "title", "classes", "licence"], rows)
