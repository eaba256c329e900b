"""`lenet evaluate`, `predict` and `describe`: what a network is and what it can do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from lenet.cli.arguments import Folder, Model, parse, split_name
from lenet.cli.show import Screen
from lenet.data import load_dataset
from lenet.errors import InputError, unknown
from lenet.models import MODELS, Architecture, Network, build, load
from lenet.models.describe import describe as rows_of
from lenet.models.weights import about
from lenet.predict import predict as ask
from lenet.training.evaluate import evaluate as score
from lenet.training.evaluate import relabelled_test


@dataclass(frozen=True)
class Evaluate:
    """Measure a trained network on the test split of a data set."""

    model: Model
    """a run folder or a .safetensors file"""
    data: Annotated[str, Positional, arg(metavar="[DATA]")] = ""
    """a data set or a folder; otherwise the one that the network learned from"""
    data_dir: Folder = None
    """where the data set's files are; otherwise LENET_DATA, the cache, a download"""
    engine: str = "auto"
    """what computes the answers: auto, torch or halide"""
    json: bool = False
    """one line of JSON on stdout"""


def evaluate(arguments: list[str]) -> int:
    options = parse(Evaluate, "evaluate", arguments)
    network, screen = load(options.model), Screen(json=options.json)
    name = options.data or about(options.model).get("data")
    if not isinstance(name, str):
        raise InputError(f"{options.model} does not say what it learned from: name the data set to evaluate it on")
    with screen.downloads() as progress:
        dataset = load_dataset(name, data_dir=options.data_dir, progress=progress)
    result = score(network, relabelled_test(network, dataset), engine=options.engine)
    screen.say(
        f"{name}: error {result.error:.2f} %, {result.misses:,} misses of {result.count:,} test pictures, "
        f"loss {result.loss:.4f}"
    )
    if options.json:
        print(json.dumps(result.as_dict()))
    return 0


@dataclass(frozen=True)
class Predict:
    """Say what a trained network reads in pictures, and how certain it is."""

    model: Model
    """a run folder or a .safetensors file"""
    pictures: Annotated[tuple[Path, ...], Positional, arg(metavar="PICTURE...")]
    """picture files, of one thing each"""
    json: bool = False
    """one line of JSON on stdout"""


def predict(arguments: list[str]) -> int:
    options = parse(Predict, "predict", arguments)
    if not options.pictures:
        raise InputError("predict needs at least one picture file after the model")
    screen = Screen(json=options.json)
    predictions = ask(load(options.model), options.pictures)
    for prediction in predictions:
        screen.say(f"{prediction.picture}: {prediction.answer} ({100 * prediction.certainty:.1f} % certain)")
    if options.json:
        rows = [{"picture": one.picture, "class": one.answer, "certainty": one.certainty} for one in predictions]
        print(json.dumps(rows))
    return 0


@dataclass(frozen=True)
class Describe:
    """Print the paper's table of a network (`lenet describe [MODEL]`, lenet5 unless another is named).

    MODEL is a name from `lenet models`, which takes other numbers by the flags, or a run folder or a .safetensors file.
    """

    network: Architecture
    json: bool = False
    """one line of JSON on stdout"""


def describe(arguments: list[str]) -> int:
    name, rest = split_name(arguments, Describe)
    name = name or "lenet5"
    trained = None if name in MODELS else _load_or_suggest(name)
    numbers = trained.architecture if trained else MODELS[name]
    options = parse(Describe, "describe", rest, default=Describe(numbers))
    if trained and options.network != numbers:
        raise InputError(f"{name} is trained, and its numbers are what they are: the flags are for {', '.join(MODELS)}")
    rows = rows_of(trained or build(name, **vars(options.network)))
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    totals = [sum(getattr(row, name) for row in rows) for name in ("parameters", "connections", "multiplications")]
    Screen().table(
        ["layer", "kind", "maps", "size", "kernel", "trainable", "connections", "multiply-adds"],
        [
            [
                row.layer,
                row.kind,
                str(row.maps),
                f"{row.height}x{row.width}",
                f"{row.kernel}x{row.kernel}" if row.kernel else "",
                *(f"{count:,}" for count in (row.parameters, row.connections, row.multiplications)),
            ]
            for row in rows
        ],
        footer=["all", "", "", "", "", *(f"{total:,}" for total in totals)],
    )
    return 0


def _load_or_suggest(model: str) -> Network:
    """The trained network at a path; a word that is no path was meant as a name."""
    if not Path(model).exists() and "/" not in model:
        raise unknown("model", model, MODELS)
    return load(model)
