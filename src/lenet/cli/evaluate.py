"""`lenet evaluate`: the score of a trained network on the test pictures of a data set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lenet.cli.arguments import Command
from lenet.cli.show import Screen
from lenet.data import load_dataset
from lenet.engines.names import EngineName
from lenet.errors import InputError
from lenet.records import check, with_leaves


@dataclass(frozen=True)
class Options:
    """The flags of `lenet evaluate`. Raises `InputError` for an unknown engine."""

    data_dir: Path | None = None
    engine: EngineName = "auto"
    json: bool = False

    def __post_init__(self) -> None:
        check(self)


COMMAND = Command("evaluate", Options)


def run(arguments: list[str]) -> int:
    """Print a line with the error rate, the misses and the cross-entropy on the test pictures; return the exit code.

    If `arguments` has `--json`, this line goes to stderr, and one line of JSON goes to stdout.
    """
    asked = COMMAND.parse(arguments, lambda _: [Options()])
    options = with_leaves(Options(), asked.given)
    from lenet.inference.evaluate import evaluate, relabelled_test
    from lenet.models.weights import read

    model, *data = asked.words
    trained, screen = read(model), Screen(json=options.json)
    name = data[0] if data else trained.about.get("data")
    if not isinstance(name, str):
        raise InputError(f"{model} does not say what it learned from: name the data set to evaluate it on")
    with screen.downloads() as progress:
        dataset = load_dataset(name, data_dir=options.data_dir, progress=progress)
    result = evaluate(trained, relabelled_test(trained, dataset), engine=options.engine)
    screen.say(
        f"{name}: error {result.error:.2f} %, {result.misses:,} misses of {result.count:,} test pictures, "
        f"loss {result.loss:.4f}"
    )
    if options.json:
        print(json.dumps(result.as_dict()))
    return 0
