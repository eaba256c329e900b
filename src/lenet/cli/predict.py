"""`lenet predict`: the predictions of a trained network for picture files."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lenet.cli.arguments import Command
from lenet.cli.show import Screen
from lenet.records import with_leaves


@dataclass(frozen=True)
class Options:
    """The flags of `lenet predict`."""

    json: bool = False


COMMAND = Command("predict", Options)


def run(arguments: list[str]) -> int:
    """Print a line for each picture, and return the exit code.

    If `arguments` has `--json`, these lines go to stderr, and one line of JSON for all of them goes to stdout.
    """
    asked = COMMAND.parse(arguments)
    options = with_leaves(Options(), asked.given)
    from lenet.inference.predict import predict

    model, *pictures = asked.words
    predictions, screen = predict(model, pictures), Screen(json=options.json)
    for one in predictions:
        screen.say(f"{one.picture}: {one.label} ({100 * one.confidence:.1f} % certain)")
    if options.json:
        rows = [{"picture": one.picture, "class": one.label, "confidence": one.confidence} for one in predictions]
        print(json.dumps(rows))
    return 0
