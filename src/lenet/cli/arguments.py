"""The command line as a dataclass: tyro makes the flags of its fields; what it refuses becomes one sentence."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from itertools import dropwhile, pairwise, takewhile
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import tyro

from lenet.errors import InputError

Options = TypeVar("Options")

Folder = Annotated[Path | None, tyro.conf.arg(metavar="DIR")]
Model = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]

PLAIN = (  # Python's words and tyro's, in ours
    (r"^Error parsing (--[\w-]+): invalid literal for int\(\) with base 10: (.*)$", r"\1 \2: expected a whole number"),
    (r"^Error parsing (--[\w-]+): could not convert string to float: (.*)$", r"\1 \2: expected a number"),
    (r"^Error parsing (--[\w-]+): .* arguments: \[(.*)\]$", r"\1 \2: expected whole numbers"),
    (r"^Missing value for argument '(--[\w-]+)'\. Expected 1 values\.$", r"\1 needs a value"),
    (r"^Error parsing [\w.]+: ", ""),
)
FRAME = re.compile(r"[│╭╮╰╯]|─{2,}|-{8,}")  # what tyro draws around its messages; dashes where stdout is ASCII


def parse(options: type[Options], verb: str, arguments: list[str], *, default: Options | None = None) -> Options:
    """The `options` in the arguments of a verb. Raises `InputError` for a flag or a value that cannot be used."""
    refusal = io.StringIO()
    try:
        with redirect_stderr(refusal):
            parsed, left_over = tyro.cli(
                options,
                prog=f"lenet {verb}",
                description=(options.__doc__ or "").partition("\n\n")[0],
                args=arguments,
                default=tyro.MISSING_NONPROP if default is None else default,
                config=(tyro.conf.OmitArgPrefixes,),
                return_unknown_args=True,
            )
    except SystemExit as stop:
        if stop.code:
            raise InputError(_sentence(refusal.getvalue())) from None
        raise
    if left_over:
        raise _unexpected(left_over[0], options, verb)
    return cast(Options, parsed)


def split_name(arguments: list[str], options: type) -> tuple[str | None, list[str]]:
    """The one bare word among the arguments that is no flag's value (None without one), and all the others."""
    switches = set(flags(options, only=bool))
    before = ""
    for place, argument in enumerate(arguments):
        is_value = before.startswith("--") and "=" not in before and before not in switches
        if not (argument.startswith("-") or is_value or argument.isdecimal()):  # a decimal goes on a flag's list
            return argument, arguments[:place] + arguments[place + 1 :]
        before = argument
    return None, arguments


def last_value(flag: str, arguments: list[str]) -> str | None:
    """What is given for `flag`, seen before the arguments are parsed; None without it."""
    given = [value for before, value in pairwise(arguments) if before == flag]
    given += [argument.partition("=")[2] for argument in arguments if argument.startswith(f"{flag}=")]
    return given[-1] if given else None


def flags(options: type, only: type | None = None) -> Iterator[str]:
    """The flags that the fields of a dataclass make (only those of one type), those of dataclasses within it too."""
    hints = get_type_hints(options)
    for field in fields(options):
        if is_dataclass(hints[field.name]):
            yield from flags(hints[field.name], only)
        elif only in (None, hints[field.name]):
            name = field.name.replace("_", "-")
            yield from (f"--{name}", f"--no-{name}") if hints[field.name] is bool else (f"--{name}",)


def _unexpected(argument: str, options: type[Any], verb: str) -> InputError:
    known = list(flags(options))
    near = get_close_matches(argument.partition("=")[0], known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"lenet {verb} --help lists what there is"
    return InputError(f"unknown {'flag' if argument.startswith('-') else 'argument'} '{argument}': {hint}")


def _sentence(refusal: str) -> str:
    """The first paragraph of tyro's framed message, without the frame and its title."""
    lines = [FRAME.sub(" ", line).strip() for line in refusal.splitlines()]
    paragraph = takewhile(bool, dropwhile(lambda line: not line, lines[1:]))
    text = re.sub(r"\s+", " ", " ".join(paragraph)) or refusal.strip()
    for pattern, plain in PLAIN:
        text = re.sub(pattern, plain, text)
    return text
