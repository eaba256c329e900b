"""`lenet predict`: the predictions of a trained network for picture files."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lenet.cli.arguments import Command
from lenet.cli.show import Screen
from lenet.errors import InputError
from lenet.inference.bulk import named_pictures
from lenet.inference.line import Digit
from lenet.inference.predict import Guess, Prediction, Unreadable, answers
from lenet.inference.predictor import Predictor
from lenet.models.spec import MODEL, Spec
from lenet.models.weights import shipped
from lenet.records import check, with_leaves

DEFAULT = "handwriting"
MOST_SHOWN = 100  # pictures in the file of --show
COLUMNS = ("picture", "class", "certainty", "sure", "second", "second_certainty", "digits", "error")


@dataclass(frozen=True)
class Options:
    """The flags of `lenet predict`. Raises `InputError` for an unknown format, or for two of them."""

    format: Literal["text", "csv", "jsonl"] = "text"
    line: bool = False
    show: Path | None = None
    json: bool = False

    def __post_init__(self) -> None:
        check(self)
        if self.json and self.format != "text":
            raise InputError(f"--json and --format {self.format}: give one of them")


COMMAND = Command("predict", Options)


def run(arguments: list[str]) -> int:
    """Print a row for each picture, and return the exit code: 1 if one of several pictures could not be read.

    If `arguments` has `--json`, the rows go to stderr, and one line of JSON for all of them goes to stdout. Raises
    `InputError` for a lone picture that cannot be read.
    """
    asked = COMMAND.parse(arguments)
    options = with_leaves(Options(), asked.given)
    model, words = _split(asked.words)
    named = list(named_pictures(words))
    if options.show:
        _check_show(options.show, [name for name, _ in named])
    predictor = Predictor(model, pictures=len(named))
    rows: list[dict[str, Any]] = []
    shown: list[Prediction] = []
    unreadable, tell = 0, _teller(options, predictor.spec)
    for answer in _watched(answers(predictor, named, line=options.line), len(named)):
        if isinstance(answer, Unreadable):
            if len(named) == 1:
                raise InputError(answer.reason)
            unreadable += 1
        elif options.show and len(shown) < MOST_SHOWN:
            shown.append(answer)
        tell(answer)
        if options.json:
            rows.append(_row(answer))
    if options.show and shown:
        _show(options.show, shown, dict(named), predictor.spec, line=options.line)
    if options.json:
        print(json.dumps(rows, allow_nan=False))
    return 1 if unreadable else 0


def _split(words: list[str]) -> tuple[str, list[str]]:
    """Return the model and the pictures that `words` name; the first word is a picture too if it is no model."""
    first = words[0]
    model = first in shipped() or first.endswith(".safetensors") or (Path(first) / MODEL).is_file()
    if not model:
        return DEFAULT, words
    if len(words) == 1:
        raise InputError(f"{first} is a network: name the pictures that it is to read as well")
    return first, words[1:]


def _check_show(path: Path, names: list[str]) -> None:
    """Raise an `InputError` unless `--show` can write to `path`, which must not be one of the pictures `names`."""
    if path.suffix.lower() != ".png":
        raise InputError(f"--show {path}: the name of the file must end in .png")
    if path.exists() and any(os.path.exists(name) and path.samefile(name) for name in names):
        raise InputError(f"--show {path}: this is one of the pictures to read; name a new file")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"--show {path}: expected a file in a folder that exists")


def _watched(found: Iterator[Prediction | Unreadable], count: int) -> Iterator[Prediction | Unreadable]:
    """Yield what `found` yields, with a bar on stderr if there are many and stdout is not the terminal."""
    if count < 20 or sys.stdout.isatty() or not sys.stderr.isatty():
        yield from found
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(found, "reading", count, console=Console(stderr=True), transient=True)


def _teller(options: Options, spec: Spec) -> Callable[[Prediction | Unreadable], None]:
    """Return the function that prints an answer in the format that `options` ask for."""
    if options.format == "jsonl":
        return lambda answer: print(json.dumps(_row(answer), allow_nan=False))
    if options.format == "csv":
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        return lambda answer: writer.writerow(_flat(_row(answer)))
    screen = Screen(json=options.json)
    nothing = spec.rubbish_class or "no digit"
    return lambda answer: screen.say(_sentence(answer, nothing))


def _sentence(answer: Prediction | Unreadable, nothing: str) -> str:
    if isinstance(answer, Unreadable):
        return answer.reason
    best, second = answer.best, answer.second

    def name(guess: Guess) -> str:
        return guess.label if guess.label is not None else nothing

    if answer.rows is not None:
        return f"{answer.picture}: {_digits(answer.rows, mark='?') or 'no digits'}"
    if second is None:
        return f"{answer.picture}: {name(best)} (there is no ink)"
    if not answer.sure:
        one, other = (f"{name(guess)} ({100 * guess.certainty:.1f} %)" for guess in (best, second))
        return f"{answer.picture}: not sure: {one} or {other}"
    return f"{answer.picture}: {name(best)} ({100 * best.certainty:.1f} % certain)"


def _row(answer: Prediction | Unreadable) -> dict[str, Any]:
    """Return `answer` as a JSON object."""
    if isinstance(answer, Unreadable):
        return {"picture": answer.picture, "error": answer.reason}
    row: dict[str, Any] = {
        "picture": answer.picture,
        "class": answer.label,
        "certainty": answer.certainty,
        "sure": answer.sure,
        "second": answer.second and {"class": answer.second.label, "certainty": answer.second.certainty},
    }
    if answer.rows is not None:
        found = [digit for one in answer.rows for digit in one]
        row |= {
            "class": found[0].label if len(found) == 1 else None,
            "certainty": min((digit.certainty for digit in found), default=1.0),
            "sure": all(digit.sure for digit in found),
            "second": None,
            "digits": _digits(answer.rows),
            "boxes": [asdict(digit) for digit in found],
        }
    return row


def _digits(rows: list[list[Digit]], mark: str = "") -> str:
    """Return the digits of `rows` with a space between rows, and `mark` after each that the network is not sure of."""
    return " ".join("".join(digit.label + ("" if digit.sure else mark) for digit in row) for row in rows)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object `row` as the cells of a line of CSV."""
    row.pop("boxes", None)
    second = row.pop("second", None)
    return row | ({"second": second["class"], "second_certainty": second["certainty"]} if second else {})


def _show(path: Path, shown: list[Prediction], sources: dict[str, Any], spec: Spec, *, line: bool) -> None:
    """Write the picture of `--show` about the answers `shown`; `sources` has their pictures by name."""
    from lenet.data.image import open_picture
    from lenet.see.boxes import boxed, fitted, page
    from lenet.see.seen import seen
    from lenet.see.style import save, save_image

    originals = (open_picture(sources[one.picture], one.picture) for one in shown)
    if line:
        found = ([digit for row in one.rows or [] for digit in row] for one in shown)
        drawn = (boxed(original, digits) for original, digits in zip(originals, found, strict=True))
        save_image(page([fitted(one) for one in drawn] if len(shown) > 1 else list(drawn)), path)
    else:
        save(seen(originals, shown, spec.classes), path)
