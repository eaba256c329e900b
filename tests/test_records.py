"""Records accept what their annotations say, refuse anything else in one sentence, and come back from JSON.

pytest tests/test_records.py
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.data.augment import Augmentation
from lenet.data.prepare import Preparation
from lenet.engines.method import Method
from lenet.errors import InputError, unknown
from lenet.models.architecture import Architecture
from lenet.records import check, field_names, from_dict, leaf_fields, leaves, with_leaves, within
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES


@dataclass(frozen=True)
class Inner:
    sides: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Needed:
    named: str
    other: int = 0

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Outer:
    whole: int = 1
    real: float = 0.5
    text: str = "a"
    truth: bool = False
    choice: Literal["left", "right"] = "left"
    inner: Inner = Inner()
    needed: Needed = Needed("it")

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("field", "value"), [("whole", 3), ("whole", 10**30), ("real", 2), ("real", 2.5), ("truth", True), ("text", "")]
)
def test_accepts_what_is_annotated(field: str, value: object) -> None:
    assert getattr(Outer(**{field: value}), field) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("whole", 1.0, "whole is 1.0: expected a whole number"),
        ("whole", True, "whole is True: expected a whole number"),
        ("whole", "1", "whole is '1': expected a whole number"),
        ("real", False, "real is False: expected a number"),
        ("real", None, "real is None: expected a number"),
        ("text", 1, "text is 1: expected a text"),
        ("truth", 1, "truth is 1: expected true or false"),
        ("choice", "lefd", "unknown choice 'lefd': did you mean left?"),
        ("choice", "up", "unknown choice 'up': known: left, right"),
        ("choice", [], "unknown choice '[]': known: left, right"),
    ],
)
def test_names_the_field_that_is_wrong(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Outer(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, 1, 0.5])
def test_within(value: float) -> None:
    within("share", value, 0, 1)


@pytest.mark.parametrize(
    ("value", "figure"),
    [
        (-1, "-1"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (123_456_789_012, "123456789012"),
        (10**400, "10000000000000000000..."),
    ],
)
def test_outside(value: float, figure: str) -> None:
    with pytest.raises(InputError, match=f"^share is {re.escape(figure)}: it must be from 0 to 1$"):
        within("share", value, 0, 1)


def test_from_dict_reads_records_within_records() -> None:
    assert from_dict(Outer, {"whole": 2, "inner": {"sides": [3]}}, source="it") == Outer(whole=2, inner=Inner((3,)))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "it: expected an object with the fields of Outer, found None"),
        ([["whole", 1]], "it: expected an object with the fields of Outer, found [['whole', 1]]"),
        ({"inner": 3}, "it: expected an object with the fields of Inner, found 3"),
        ({"wole": 1}, "it: unknown field 'wole': did you mean whole?"),
        ({"whole": None}, "it: whole is None: expected a whole number"),
        ({"needed": {"other": 1}}, "it: the field 'named' of Needed is missing"),
        ({"needed": {"named": 1}}, "it: named is 1: expected a text"),
    ],
)
def test_from_dict_names_its_source(data: object, sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        from_dict(Outer, data, source="it")
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_comes_back_from_json(name: str) -> None:
    assert from_dict(Recipe, json.loads(json.dumps(asdict(RECIPES[name]))), source="it") == RECIPES[name]


share = st.floats(0, 0.9)
recipes = st.builds(
    Recipe,
    data=st.text(),
    validation=st.floats(0.01, 0.9),
    network=st.builds(
        Architecture,
        input_size=st.integers(30, 1024),
        maps=st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
        activation=st.sampled_from(["tanh", "leaky-relu"]),
        hidden=st.lists(st.integers(1, 4096), max_size=16).map(tuple),
    ),
    preparation=st.builds(Preparation, mean=st.floats(-10, 10), std=st.floats(1e-3, 1e3)),
    augmentation=st.builds(Augmentation, shift=st.floats(0, 16), flip=st.booleans()),
    method=st.builds(
        Method, label_smoothing=share, optimiser=st.sampled_from(["sgd", "adamw"]), batch=st.integers(1, 65536)
    ),
    rate=st.floats(1e-8, 100),
    warmup=share,
    epochs=st.integers(1, 100_000),
    patience=st.integers(0, 100_000),
    keep=st.sampled_from(["last", "best"]),
    seed=st.integers(0, 2**32 - 1),
)


@given(recipes)
def test_any_recipe_comes_back_from_json(recipe: Recipe) -> None:
    """A recipe comes back bit for bit, because a float is written with all its digits."""
    assert from_dict(Recipe, json.loads(json.dumps(asdict(recipe))), source="it") == recipe


parsed_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(field_names(Recipe)) | st.text(), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(field_names(Recipe)), parsed_json, max_size=4) | parsed_json)
def test_any_json_is_a_recipe_or_refused(data: Any) -> None:
    try:
        assert isinstance(from_dict(Recipe, data, source="some/file"), Recipe)
    except InputError as error:
        if "some/file" not in str(error):
            raise


def test_leaves_are_the_fields_that_are_no_records() -> None:
    assert leaves(Outer(whole=2, inner=Inner((3,)))) == {
        "whole": 2, "real": 0.5, "text": "a", "truth": False, "choice": "left", "sides": (3,),
        "named": "it", "other": 0,
    }  # fmt: skip


def test_leaf_fields_say_what_each_leaf_is_and_whose() -> None:
    found = {leaf.name: leaf for leaf in leaf_fields(Outer)}
    assert list(found) == list(leaves(Outer()))
    assert found["real"].hint is float
    assert found["sides"].hint == tuple[int, ...]


def test_with_leaves_changes_records_within_records_and_leaves_the_rest() -> None:
    outer = Outer(text="b")
    changed = with_leaves(outer, {"whole": 2, "sides": (3,), "unknown": 0})
    assert changed == Outer(text="b", whole=2, inner=Inner((3,)))
    assert outer == Outer(text="b")
    assert with_leaves(changed, leaves(outer)) == outer


@pytest.mark.parametrize("values", [{"whole": "2"}, {"named": 2}])
def test_with_leaves_checks_what_it_makes(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"is '?2'?: expected a"):
        with_leaves(Outer(), values)


def test_field_names_are_in_order() -> None:
    assert field_names(Outer) == [field.name for field in fields(Outer)]


def test_unknown_names_the_nearest_first() -> None:
    known = ["mnist", "fashion-mnist", "digits"]
    assert str(unknown("recipe", "fashion", known)) == "unknown recipe 'fashion': did you mean fashion-mnist?"
    assert str(unknown("recipe", "x", known)) == "unknown recipe 'x': known: mnist, fashion-mnist, digits"
    assert isinstance(unknown("recipe", "x", known), ValueError)
