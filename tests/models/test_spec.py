"""A `Spec` is a value, refuses in one sentence what makes no network, and comes back from JSON.

pytest tests/models/test_spec.py
"""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import pytest

from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.models.architecture import Architecture
from lenet.models.spec import Spec
from lenet.models.zoo import MODELS, specify
from lenet.records import from_dict

DIGITS = tuple("0123456789")
SMALL = Spec(
    Architecture(input_size=8, maps=(2,), kernels=(3,), hidden=(3,)),
    ("ä", "猫", "a b"),
    channels=2,
    picture_size=(5, 7),
    background="light",
    preparation=Preparation(fit="resize", mean=0.25, std=0.5),
)
REQUIRED = ("architecture", "classes")


def as_json(spec: Spec) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(asdict(spec)))
    return read


def test_pictures_are_as_large_as_the_input_unless_it_is_said() -> None:
    assert Spec(Architecture(input_size=20), DIGITS).picture_size == (20, 20)
    assert Spec(Architecture(input_size=20), DIGITS, picture_size=(28, 24)).picture_size == (28, 24)


def test_the_layers_are_those_of_the_architecture_for_its_channels_and_classes() -> None:
    assert SMALL.layers == SMALL.architecture.layers(2, 3)
    assert SMALL.layers is SMALL.layers
    assert [layer.name for layer in SMALL.layers] == ["c1", "s2", "c3", "output"]
    assert SMALL.parameter_count == 2 * (2 * 9 + 1) + 3 * (2 * 9 + 1) + 3 * (3 + 1)


def test_is_a_value() -> None:
    """Specs are frozen, hashable (with their layers asked for or not), and equal if all their fields are."""
    again = replace(SMALL)
    assert SMALL.layers
    assert again == SMALL
    assert hash(again) == hash(SMALL)
    assert replace(SMALL, channels=1) != SMALL
    with pytest.raises(FrozenInstanceError):
        SMALL.channels = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("classes", ["a", "b"], "classes is ['a', 'b']: expected a list in which each item is a text"),
        ("classes", ("a", 1), "classes is ('a', 1): expected a list in which each item is a text"),
        ("classes", "ab", "classes is 'ab': expected a list in which each item is a text"),
        ("classes", ("a",), "number of classes is 1: it must be from 2 to 4096"),
        ("classes", ("a",) * 4097, "number of classes is 4097: it must be from 2 to 4096"),
        ("channels", 1.0, "channels is 1.0: expected a whole number"),
        ("channels", True, "channels is True: expected a whole number"),
        ("channels", 0, "channels is 0: it must be from 1 to 4096"),
        ("channels", 4097, "channels is 4097: it must be from 1 to 4096"),
        ("picture_size", (28,), "number of sides of a picture is 1: it must be from 2 to 2"),
        ("picture_size", (28, 28, 1), "number of sides of a picture is 3: it must be from 2 to 2"),
        ("picture_size", (28, 0), "picture size is 0: it must be from 1 to 4096"),
        ("picture_size", (4097, 28), "picture size is 4097: it must be from 1 to 4096"),
        (
            "picture_size",
            (28, 28.0),
            "picture_size is (28, 28.0): expected a list in which each item is a whole number",
        ),
        ("picture_size", 28, "picture_size is 28: expected a list in which each item is a whole number"),
        ("background", "grey", "unknown background 'grey': known: dark, light, either"),
        ("background", None, "unknown background 'None': known: dark, light, either"),
    ],
)
def test_every_field_is_checked(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        usual_with(field, value)


@pytest.mark.parametrize(
    ("field", "value", "record"),
    [("architecture", "lenet5", "Architecture"), ("architecture", Preparation(), "Architecture"),
     ("preparation", None, "Preparation")],
)  # fmt: skip
def test_records_within_are_checked(field: str, value: object, record: str) -> None:
    with pytest.raises(InputError, match=rf"^{field} is {re.escape(repr(value))}: expected .*{record}"):
        usual_with(field, value)


def usual_with(field: str, value: object) -> Spec:
    fields: dict[str, Any] = {"architecture": Architecture(), "classes": DIGITS, field: value}
    return Spec(**fields)


def test_fields_that_do_not_go_together() -> None:
    with pytest.raises(InputError, match=r"^output rbf has codes for 10 classes, not for 3: take output linear$"):
        Spec(MODELS["lenet5-1998"], ("a", "b", "c"))
    large = Architecture(input_size=1024, maps=(4096,), kernels=(1,), hidden=())
    with pytest.raises(InputError, match=r"^number of weights is \d+: it must be from 1 to 100000000$"):
        Spec(large, ("a", "b"))


@pytest.mark.parametrize("spec", [SMALL, *map(specify, MODELS)], ids=["small", *MODELS])
def test_it_comes_back_from_json(spec: Spec) -> None:
    assert from_dict(Spec, as_json(spec), source="it") == spec


@pytest.mark.parametrize("name", asdict(SMALL))
def test_a_field_that_is_missing(name: str) -> None:
    """A field that older files lack gets its default; without any other, nothing can be built."""
    data = {field: value for field, value in as_json(SMALL).items() if field != name}
    if name in REQUIRED:
        with pytest.raises(InputError, match=f"^it: the field '{name}' of Spec is missing$"):
            from_dict(Spec, data, source="it")
    else:
        usual = Spec(SMALL.architecture, SMALL.classes)
        assert from_dict(Spec, data, source="it") == replace(SMALL, **{name: getattr(usual, name)})


def test_a_field_that_it_does_not_have() -> None:
    with pytest.raises(InputError, match=r"^it: unknown field 'chanels': did you mean channels"):
        from_dict(Spec, as_json(SMALL) | {"chanels": 1}, source="it")
    with pytest.raises(InputError, match=r"^it: expected an object with the fields of Spec, found 3$"):
        from_dict(Spec, 3, source="it")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_by_its_name(name: str) -> None:
    assert specify(name) == Spec(MODELS[name], DIGITS)


def test_a_model_with_other_numbers() -> None:
    spec = specify("lenet5", classes=("cat", "dog"), channels=3, maps=[4, 8], activation="tanh")
    assert spec == Spec(replace(MODELS["lenet5"], maps=(4, 8), activation="tanh"), ("cat", "dog"), channels=3)
    assert specify("lenet5", classes=3).classes == ("0", "1", "2")
