"""The flags: one for every field of a recipe, and nothing that breaks the reading of them.

pytest tests/cli/test_arguments.py
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lenet.cli import main
from lenet.cli.arguments import flags, last_value, parse, split_name
from lenet.cli.train import Options
from lenet.data.augment import Augmentation
from lenet.errors import InputError
from lenet.models.activations import ACTIVATIONS
from lenet.models.lenet5 import LENET5
from lenet.training.recipes import RECIPES

DEFAULT = Options(RECIPES["digits"])


@dataclass(frozen=True)
class Two:
    """Two flags."""

    a_name: str = "x"
    on: bool = False


def names(record: dict[str, object]) -> set[str]:
    """The names of a record's fields, those of records within it in place of them."""
    return {inner for name, value in record.items() for inner in (names(value) if isinstance(value, dict) else {name})}


def test_every_field_of_a_recipe_is_a_flag() -> None:
    known = set(flags(Options))
    assert {f"--{name.replace('_', '-')}" for name in names(asdict(DEFAULT))} == {
        flag for flag in known if not flag.startswith("--no-")
    }
    assert {"--flip", "--no-flip", "--json"} <= known


@pytest.mark.parametrize("name", RECIPES)
def test_no_flags_change_nothing(name: str) -> None:
    assert parse(Options, "train", [], default=Options(RECIPES[name])).recipe == RECIPES[name]


def test_flags_change_what_they_name() -> None:
    asked = (
        "--epochs 3 --rate 0.5 --maps 2 3 4 --kernels 3 3 3 --hidden 7 --pooling mean --activation tanh --fit resize"
    )
    found = parse(Options, "train", [*asked.split(), "--flip", "--keep=best", "--seed", "9"], default=DEFAULT).recipe
    network = replace(LENET5, maps=(2, 3, 4), kernels=(3, 3, 3), hidden=(7,), pooling="mean", activation="tanh")
    expected = replace(
        DEFAULT.recipe,
        epochs=3,
        rate=0.5,
        network=network,
        preparation=replace(DEFAULT.recipe.preparation, fit="resize"),
        augmentation=replace(DEFAULT.recipe.augmentation, flip=True),
        keep="best",
        seed=9,
    )
    assert found == expected


@pytest.mark.parametrize(("flag", "flip"), [("--flip", True), ("--no-flip", False)])
@pytest.mark.parametrize("before", [True, False])
def test_a_switch_is_turned_either_way(flag: str, flip: bool, before: bool) -> None:
    default = Options(replace(DEFAULT.recipe, augmentation=Augmentation(flip=before)))
    assert parse(Options, "train", [flag], default=default).recipe.augmentation.flip is flip


def test_help_names_every_flag_and_activation(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    assert all(flag in said for flag in flags(Options))
    assert all(activation in said for activation in ACTIVATIONS)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("", None),
        ("mnist", "mnist"),
        ("mnist --epochs 3", "mnist"),
        ("--epochs 3 mnist", "mnist"),
        ("--epochs=3 mnist", "mnist"),
        ("--maps 2 3 mnist", "mnist"),
        ("--json mnist", "mnist"),
        ("--no-flip mnist", "mnist"),
        ("--flip mnist --json", "mnist"),
        ("--data mnist", None),
        ("--data mnist digits", "digits"),
        ("--out runs/a --resume b", None),
    ],
)
def test_the_recipe_is_the_one_bare_word(arguments: str, name: str | None) -> None:
    given = arguments.split()
    found, rest = split_name(given, Options)
    assert found == name
    assert sorted([*rest, *([name] if name else [])]) == sorted(given)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("--resume a", "a"),
        ("--resume=a --json", "a"),
        ("--resume a --resume b", "b"),
        ("--json", None),
        ("--resume", None),
        ("", None),
    ],
)
def test_a_value_seen_before_parsing(arguments: str, value: str | None) -> None:
    assert last_value("--resume", arguments.split()) == value


def test_a_sentence_is_one_where_stdout_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frames that the parser draws are made of other letters there."""
    import io
    import sys

    sentence = "epochs is 0: it must be from 1 to 100000"
    for encoding in ("utf-8", "ascii"):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        with pytest.raises(InputError, match=f"^{sentence}$"):
            parse(Options, "train", ["--epochs", "0"], default=DEFAULT)


words = st.sampled_from([*flags(Options), "--", "-", "-1", "0", "nan", "1e999", "mnist", "5", "max", "{", "$x", "é"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words | st.text(max_size=6), max_size=5))
def test_any_arguments_are_options_or_refused(arguments: list[str]) -> None:
    try:
        assert isinstance(parse(Options, "train", arguments, default=DEFAULT), Options)
    except InputError as error:
        if not str(error):
            raise


def test_a_small_class_of_options() -> None:
    assert parse(Two, "two", ["--a-name", "y", "--on"]) == Two("y", True)
    assert list(flags(Two)) == ["--a-name", "--on", "--no-on"]
    with pytest.raises(InputError, match=r"^unknown flag '--a-nme': did you mean --a-name\?$"):
        parse(Two, "two", ["--a-nme", "y"])
