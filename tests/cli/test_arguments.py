"""Every field of a recipe has a flag, and no arguments break the reading of the flags.

pytest tests/cli/test_arguments.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.cli.arguments import Asked, Command
from lenet.cli.texts import FLAGS, SUMMARIES, WORDS
from lenet.cli.train import COMMAND, Options
from lenet.data.augment import Augmentation
from lenet.errors import InputError
from lenet.models.lenet5 import LENET5
from lenet.records import leaves, with_leaves
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

DIGITS = RECIPES["digits"]


def recipe(arguments: str, base: Recipe = DIGITS) -> Recipe:
    """Return the recipe that `arguments` make of `base`."""
    return with_leaves(base, COMMAND.parse(arguments.split()).given)


def test_every_field_of_a_recipe_is_a_flag() -> None:
    fields = [*leaves(Options()), *leaves(DIGITS)]
    assert list(COMMAND.flags) == [*(f"--{name.replace('_', '-')}" for name in fields), "--no-flip"]


@pytest.mark.parametrize("name", RECIPES)
def test_no_flags_change_nothing(name: str) -> None:
    assert COMMAND.parse([]) == Asked([], {})
    assert recipe("", RECIPES[name]) == RECIPES[name]


def test_flags_change_what_they_name() -> None:
    asked = (
        "--epochs 3 --rate 0.5 --maps 2 3 4 --kernels 3 3 3 --hidden 7 --pooling mean --activation tanh --fit resize "
        "--flip --keep=best --seed 9 --batch 5"
    )
    network = replace(LENET5, maps=(2, 3, 4), kernels=(3, 3, 3), hidden=(7,), pooling="mean", activation="tanh")
    assert recipe(asked) == replace(
        DIGITS,
        epochs=3,
        rate=0.5,
        network=network,
        preparation=replace(DIGITS.preparation, fit="resize"),
        augmentation=replace(DIGITS.augmentation, flip=True),
        method=replace(DIGITS.method, batch=5),
        keep="best",
        seed=9,
    )


def test_only_what_is_given_comes_back() -> None:
    assert COMMAND.parse(["--epochs", "30", "--json"]) == Asked([], {"epochs": 30, "json": True})


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ("--hidden", "hidden", ()),
        ("--hidden --json", "hidden", ()),
        ("--hidden= mnist", "hidden", ()),
        ("--hidden 7", "hidden", (7,)),
        ("--maps=4 8 mnist", "maps", (4, 8)),
        ("--maps=4 mnist", "maps", (4,)),
        ("--maps -3 4", "maps", (-3, 4)),
        ("--mean -0.1", "mean", -0.1),
        ("--mean -1e-1", "mean", -0.1),
        ("--mean=-1e-1", "mean", -0.1),
        ("--mean -inf", "mean", float("-inf")),
        ("--epochs 3 --epochs 4", "epochs", 4),
        ("--data=a=b", "data", "a=b"),
        ("--data=", "data", ""),
        ("--data 5", "data", "5"),
        ("--flip --no-flip", "flip", False),
    ],
)
def test_a_value(arguments: str, name: str, value: object) -> None:
    assert COMMAND.parse(arguments.split()).given[name] == value


@pytest.mark.parametrize(("flag", "flip"), [("--flip", True), ("--no-flip", False)])
@pytest.mark.parametrize("before", [True, False])
def test_a_switch_is_turned_either_way(flag: str, flip: bool, before: bool) -> None:
    assert recipe(flag, replace(DIGITS, augmentation=Augmentation(flip=before))).augmentation.flip is flip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", []),
        ("mnist", ["mnist"]),
        ("mnist --epochs 3", ["mnist"]),
        ("--epochs 3 mnist", ["mnist"]),
        ("--epochs=3 mnist", ["mnist"]),
        ("--maps 2 3 mnist", ["mnist"]),
        ("mnist --maps 2 3", ["mnist"]),
        ("--maps 2 3 mnist --kernels 3 3", ["mnist"]),
        ("--json mnist", ["mnist"]),
        ("--no-flip mnist", ["mnist"]),
        ("--flip mnist --json", ["mnist"]),
        ("--json -- mnist", ["mnist"]),
        ("--data mnist", []),
        ("--data mnist digits", ["digits"]),
        ("--out runs/a --engine torch", []),
    ],
)
def test_the_recipe_is_the_one_bare_word(arguments: str, words: list[str]) -> None:
    assert COMMAND.parse(arguments.split()).words == words


@pytest.mark.parametrize("arguments", ["model a.png b.png", "--json model a.png b.png", "model --json a.png b.png"])
def test_bare_words_keep_their_order(arguments: str) -> None:
    from lenet.cli.predict import COMMAND

    assert COMMAND.parse(arguments.split()).words == ["model", "a.png", "b.png"]


anything = st.sampled_from([*COMMAND.flags, "--", "-", "-1", "0", "nan", "1e999", "mnist", "5", "max", "{", "$x", "é"])


@settings(max_examples=200)
@given(st.lists(anything | st.text(max_size=6), max_size=5))
def test_any_arguments_are_read_or_refused(arguments: list[str]) -> None:
    try:
        asked = COMMAND.parse(arguments)
    except InputError as error:
        if not str(error):
            raise
    else:
        assert asked.given.keys() <= {*leaves(Options()), *leaves(DIGITS)}


@dataclass(frozen=True)
class Inner:
    """A record that a verb changes."""

    long_name: float = 1.0
    both: bool = True


@dataclass(frozen=True)
class Outer:
    """A record with a record in it."""

    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True)
class Own:
    """The flags of the verb itself."""

    a_name: str = "x"
    on: bool = False


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Command:
    """A verb that is made up for the tests."""
    flags = {"a_name": "a word", "long_name": "up to 100 %", "both": "either way", "on": "one way"}
    monkeypatch.setitem(SUMMARIES, "two", "Two.")
    monkeypatch.setitem(WORDS, "two", {"ONE": "one word", "[MORE...]": "more of them"})
    monkeypatch.setitem(FLAGS, "two", {"flags": flags})
    return Command("two", Own, Outer)


def test_records_of_any_kind(two: Command) -> None:
    asked = two.parse(["--a-name", "y", "one", "--long-name", "2", "--on", "--no-both", "more"])
    assert asked == Asked(["one", "more"], {"a_name": "y", "long_name": 2.0, "on": True, "both": False})
    assert with_leaves(Outer(), asked.given) == Outer(Inner(2.0, False))
    assert list(two.flags) == ["--a-name", "--on", "--long-name", "--both", "--no-both"]


def test_the_help_of_records(two: Command) -> None:
    assert (
        two.help(Own(), Outer())
        == """\
usage: lenet two ONE [MORE...] [options]

Two.

arguments:
  ONE                one word
  MORE...            more of them

flags:
  --a-name NAME      a word (default: x)
  --long-name X      up to 100 % (default: 1)
  --both, --no-both  either way (default: on)
  --on               one way
  -h, --help         show this help
"""
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("one --a-nme y", "unknown flag '--a-nme': did you mean --a-name or --long-name?"),
        ("one --no-on", "unknown flag '--no-on': did you mean --no-both or --on?"),
        ("one --on=yes", "--on takes no value"),
        ("one --both=no", "--both/--no-both takes no value"),
        ("one --a-name --on", "--a-name needs a value"),
        ("one --long-name x", "--long-name 'x': expected a number"),
        ("--on", "two needs a ONE: one word"),
    ],
)
def test_what_is_refused(two: Command, arguments: str, sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        two.parse(arguments.split())
    assert str(refusal.value) == sentence
