"""The help has a text for every flag, is the same on every terminal, and comes quickly.

pytest tests/cli/test_help.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from lenet.cli import lists
from lenet.cli.arguments import Command
from lenet.cli.main import main
from lenet.cli.texts import FLAGS, SUMMARIES, WORDS
from lenet.models.lenet5_1998 import LENET5_1998
from lenet.models.tables import TABLES
from lenet.records import leaves
from lenet.training.recipes import RECIPES

Lenet = Callable[..., str]
every_verb = pytest.mark.parametrize("verb", SUMMARIES)


def command(verb: str) -> Command:
    """Return the command line of `verb`; the verbs that list something share theirs."""
    module = import_module(f"lenet.cli.{verb}")
    return getattr(module, "COMMAND", None) or Command(verb, lists.Options)


def texts(verb: str) -> dict[str, str]:
    """Return the texts of the flags of `verb` by field name, whatever heading they stand under."""
    return {name: text for section in FLAGS[verb].values() for name, text in section.items()}


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what the help says; as with any other command, asking for it is a success."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    said = capsys.readouterr()
    assert (stop.value.code, said.err) == (0, "")
    return said.out


def entries(said: str) -> Iterator[tuple[str, str]]:
    """Yield each flag of a help with its text, in one line."""
    for entry in re.findall(r"^  (-.*(?:\n {4,}.*)*)", said, re.MULTILINE):
        flag, *text = re.split(r"\s{2,}", entry)
        yield flag, " ".join(text)


@pytest.mark.parametrize("asked", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_has_a_line_for_each_verb(lenet: Lenet, asked: list[str]) -> None:
    lines = re.findall(r"^  (\w+) .*  (\S.*)$", lenet(*asked), re.MULTILINE)
    assert lines == [(verb, text.splitlines()[0]) for verb, text in SUMMARIES.items()]


def test_version(lenet: Lenet) -> None:
    assert lenet("--version") == f"lenet {version('lenet')}\n"


@every_verb
def test_every_flag_has_a_text_and_every_text_a_flag(verb: str) -> None:
    flags = {leaf.name for leaf in command(verb).flags.values()}
    assert flags == texts(verb).keys()
    assert len(texts(verb)) == sum(map(len, FLAGS[verb].values())), "no flag has two texts"
    assert SUMMARIES.keys() == FLAGS.keys() == WORDS.keys()


@every_verb
def test_every_choice_is_named(verb: str) -> None:
    for leaf in command(verb).flags.values():
        if get_origin(leaf.hint) is Literal:
            named = set(re.findall(r"[\w-]+", texts(verb)[leaf.name]))
            assert set(get_args(leaf.hint)) <= named, leaf.name


def test_the_choices_that_no_type_tells() -> None:
    assert set(TABLES) <= set(re.findall(r"[\w-]+", texts("train")["table"]))


@every_verb
def test_texts_are_for_people(verb: str) -> None:
    for text in [*texts(verb).values(), *WORDS[verb].values()]:
        assert text == " ".join(text.split())
        assert len(text) < 200
        assert not re.search(r"Raises|InputError|None|tuple|[A-Z][a-z]+[A-Z]|\.$", text), text


@every_verb
def test_the_help_shows_every_text_whole(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    said = helped(capsys, verb, "--help")
    assert said.startswith(" ".join(["usage: lenet", verb, *WORDS[verb], "[options]\n"]))
    assert all(len(line) <= 80 for line in said.splitlines())
    shown = dict(entries(said))
    for flag, leaf in command(verb).flags.items():
        (text,) = [text for flags, text in shown.items() if flag in re.findall(r"--[\w-]+", flags)]
        assert text.startswith(texts(verb)[leaf.name])


@pytest.mark.parametrize("name", [None, "mnist", "lecun1998-distorted"])
def test_the_defaults_are_the_recipe_s(capsys: pytest.CaptureFixture[str], name: str | None) -> None:
    shown = dict(entries(helped(capsys, "train", *([name] if name else []), "--help")))
    found = {flag.split()[0].rstrip(","): re.findall(r" \(default: (.*)\)$", text) for flag, text in shown.items()}
    for field, value in leaves(RECIPES[name or "digits"]).items():
        if isinstance(value, tuple):
            value = " ".join(map(str, value))
        shown_as = f"{value:g}" if isinstance(value, float) else str(value)
        assert found[f"--{field.replace('_', '-')}"] == ([] if value is False or value == "" else [shown_as])
    assert found["--out"] == found["--resume"] == found["--data-dir"] == found["--json"] == []
    assert found["--engine"] == found["--device"] == ["auto"]


def test_a_switch_that_is_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert dict(entries(helped(capsys, "train", "--help", "fashion-mnist")))["--flip, --no-flip"].endswith(
        " (default: on)"
    )


def test_the_numbers_of_a_model(capsys: pytest.CaptureFixture[str], trained: Path) -> None:
    shown = dict(entries(helped(capsys, "describe", "lenet5-1998", "-h")))
    assert shown["--table NAME"].endswith(f" (default: {LENET5_1998.table})")
    assert "(default: 4)" in dict(entries(helped(capsys, "describe", str(trained), "-h")))["--maps N ..."]


@pytest.mark.parametrize("columns", ["40", "200"])
def test_every_terminal_shows_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    expected = helped(capsys, "train", "--help")
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert helped(capsys, "train", "--help") == expected
    assert "\x1b" not in expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["describe"], ["describe", "lenet1", "--maps", "4", "12"], ["models"], ["recipes"], ["data"],
        ["train", "--help"], ["evaluate", "--help"], ["predict", "--help"], ["train", "--epoch", "3"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_takes_no_network_imports_none(arguments: list[str]) -> None:
    """They answer at once, while torch alone takes seconds to import."""
    script = f"""
import sys
from lenet.cli.main import main
try:
    main({arguments})
finally:
    print(sorted({{"torch", "matplotlib", "sklearn", "halide"}} & sys.modules.keys()), file=sys.stderr)
"""
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert asked.stderr.splitlines()[-1] == "[]"
