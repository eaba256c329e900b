"""The command line of a verb: its flags are made from the fields of records, and each error is one sentence."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentError, ArgumentParser, BooleanOptionalAction, RawTextHelpFormatter
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any, get_args, get_origin

from lenet.cli.texts import FLAGS, SUMMARIES, WORDS
from lenet.errors import InputError
from lenet.records import Leaf, leaf_fields, leaves

WIDTH, COLUMN = 80, 26  # the width of the help on every terminal, and the column of its texts
METAVARS = {int: "N", float: "X", Path | None: "PATH", tuple[int, ...]: "N ..."}  # every other value is a NAME


@dataclass(frozen=True)
class Asked:
    """A parsed command line: its positional `words`, and the value `given` to each flag, by the name of its field."""

    words: list[str]
    given: dict[str, Any]


class Command:
    """The command line of one `verb`.

    Its flags are the leaves of the record class `options`. If the verb starts from a record that flags can change, such
    as a recipe, `changed` is the class of that record, and its leaves are flags too. The texts and headings of the help
    are in `lenet.cli.texts`.
    """

    def __init__(self, verb: str, options: type, changed: type | None = None) -> None:
        self.verb = verb
        self._own = {leaf.name for leaf in leaf_fields(options)}  # a switch among these has no --no- form
        self._leaves = {leaf.name: leaf for record in (options, changed) if record for leaf in leaf_fields(record)}

    @property
    def flags(self) -> dict[str, Leaf]:
        """The flags of the verb except `--help`, each with its leaf; switches of `changed` also have a `--no-` form."""
        flags = {_flag(name): leaf for name, leaf in self._leaves.items()}
        two_ways = {name: leaf for name, leaf in self._leaves.items() if leaf.hint is bool and name not in self._own}
        return flags | {f"--no-{_flag(name)[2:]}": leaf for name, leaf in two_ways.items()}

    def parse(self, arguments: Sequence[str], records: Callable[[Asked], Sequence[object]] = lambda _: ()) -> Asked:
        """Return the positional words and the values of the flags in `arguments`.

        For `--help`, print the help and raise `SystemExit`; the defaults shown are those of the records that `records`
        returns for the words. Raises `InputError` for an unknown flag, for a missing or superfluous word or value, and
        for text where a number is expected. The records themselves check names and ranges.
        """
        try:
            found, unknown = self._parser({}).parse_known_intermixed_args(list(_attached(arguments, self.flags)))
        except ArgumentError as error:  # every value is attached to its flag, so only a switch can have one too many
            raise InputError(f"{error.argument_name} takes no value") from None
        given = vars(found)
        words = given.pop("words", [])
        if given.pop("help", False):
            print(self.help(*records(Asked(words, {}))), end="")
            raise SystemExit(0)
        if unknown:
            raise self._unknown(unknown[0])
        self._check_complete(words)
        return Asked(words, {name: _value(_flag(name), self._leaves[name].hint, text) for name, text in given.items()})

    def help(self, *records: object) -> str:
        """Return the text of `--help`, with the values of the `records` as defaults."""
        return self._parser({name: value for record in records for name, value in leaves(record).items()}).format_help()

    def _parser(self, defaults: Mapping[str, Any]) -> ArgumentParser:
        parser = ArgumentParser(
            usage=" ".join(["lenet", self.verb, *WORDS[self.verb], "[options]"]),
            description=SUMMARIES[self.verb],
            formatter_class=partial(RawTextHelpFormatter, width=WIDTH, max_help_position=COLUMN),
            argument_default=SUPPRESS,  # leaves out a flag that is not given
            add_help=False,  # argparse would print it at once, but the defaults depend on words that may come later
            allow_abbrev=False,
            exit_on_error=False,
        )
        if sys.version_info >= (3, 14):
            parser.color = False  # the same text on every terminal and in docs/cli.md
        if WORDS[self.verb]:
            group = parser.add_argument_group("arguments")
            for word, text in WORDS[self.verb].items():
                group.add_argument("words", metavar=word.strip("[]"), help=_wrapped(text), **_count(word))
        for heading, texts in FLAGS[self.verb].items():
            group = parser.add_argument_group(heading)
            for name, text in texts.items():
                shown = _wrapped(text + _default(defaults.get(name)))
                group.add_argument(_flag(name), dest=name, help=shown, **self._kind(name))
        group.add_argument("-h", "--help", action="store_true", help="show this help")
        return parser

    def _kind(self, name: str) -> dict[str, Any]:
        """Return the argparse options for the flag of the field `name`: a switch, or a flag with one value."""
        hint = self._leaves[name].hint
        if hint is bool:
            return {"action": "store_true" if name in self._own else BooleanOptionalAction}
        return {"metavar": METAVARS.get(hint, "NAME")}

    def _check_complete(self, words: list[str]) -> None:
        needed = [(word, text) for word, text in WORDS[self.verb].items() if word[0] != "["]
        for word, text in needed[len(words) :]:
            many = word.endswith("...")
            raise InputError(f"{self.verb} needs {'at least one' if many else 'a'} {word.rstrip('.')}: {text}")

    def _unknown(self, word: str) -> InputError:
        near = get_close_matches(word.partition("=")[0], list(self.flags), n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else f"lenet {self.verb} --help lists what there is"
        return InputError(f"unknown {'flag' if word.startswith('-') else 'argument'} '{word}': {hint}")


def _attached(arguments: Sequence[str], flags: Mapping[str, Leaf]) -> Iterator[str]:
    """Yield `arguments` with the values of each flag attached: `--maps 4 8 mnist` gives `--maps=4 8` and `mnist`.

    Without this, argparse would take `mnist` for another value of `--maps`, and `-1e-3` in `--mean -1e-3` for a flag.
    Raises `InputError` for a flag without its value; only a list may be empty.
    """
    rest = deque(arguments)
    while rest and rest[0] != "--":
        word = rest.popleft()
        flag, equals, value = word.partition("=")
        if flag not in flags or flags[flag].hint is bool:
            yield word
            continue
        values = [value] if equals else []
        if not equals and rest and (_is_number(rest[0]) or not rest[0].startswith("-")):
            values.append(rest.popleft())
        is_list = get_origin(flags[flag].hint) is tuple
        while is_list and rest and _is_number(rest[0]):
            values.append(rest.popleft())
        if not values and not is_list:
            raise InputError(f"{flag} needs a value")
        yield f"{flag}={' '.join(values)}"
    yield from rest


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _value(flag: str, hint: Any, text: str | bool) -> Any:
    """Return `text`, the value given to `flag`, as a value of type `hint`; the bool of a switch is returned unchanged.

    Raises `InputError` if `text` is not the number, or the whole numbers, that `hint` asks for.
    """
    if isinstance(text, bool):
        return text
    try:
        if get_origin(hint) is tuple:
            return tuple(map(get_args(hint)[0], text.split()))
        if hint == Path | None:
            return Path(text)
        return hint(text) if hint in (int, float) else text
    except ValueError:
        expected = {int: "a whole number", float: "a number"}.get(hint, "whole numbers")
        raise InputError(f"{flag} '{text}': expected {expected}") from None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _count(word: str) -> dict[str, Any]:
    """Return the argparse options for the positional argument `word` of the usage; with `...`, it may be repeated.

    They do not require a word, since `Command` itself reports a missing one.
    """
    return {"nargs": "*", "action": "extend"} if "..." in word else {"nargs": "?", "action": "append"}


def _wrapped(text: str) -> str:
    """Return the help `text`, wrapped at spaces but never after `(default:`, with each % doubled.

    By default, argparse would also break after hyphens.
    """
    lines = wrap(text.replace("(default: ", "(default:~"), WIDTH - COLUMN, break_on_hyphens=False)
    return "\n".join(lines).replace("(default:~", "(default: ").replace("%", "%%")


def _default(value: object) -> str:
    """Return the text for the default `value` in the help, or an empty string if `value` is None, False or empty."""
    if value is False or value in (None, "", ()):
        return ""
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    return f" (default: {f'{value:g}' if isinstance(value, float) else 'on' if value is True else value})"
