"""Frozen dataclasses that check themselves and can be read back from JSON.

The annotations of a record say which types, names and ranges its fields accept; `check` compares the values with them.
`from_dict` makes a record from parsed JSON. A record may hold other records. Its *leaves* are the fields, at any depth,
that are not records. The names of the leaves must differ, so that one flat mapping can hold them all; the command makes
a flag of each leaf of a recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from lenet.errors import InputError, unknown

AnyRecord = TypeVar("AnyRecord")


@dataclass(frozen=True)
class Range:
    """The range of a number, ends included, as a part of its annotation: `Annotated[float, Range(0, 1)]`."""

    low: float
    high: float


def check(record: Any) -> None:
    """Raise an `InputError` for the first field of `record` whose value does not fit its annotation.

    An int is accepted as a float; a bool is not accepted as a number.
    """
    cls: Any = type(record)
    ranges = _annotations(cls)
    for name, hint in _hints(cls).items():
        _check_value(name, getattr(record, name), hint)
        _check_range(name.replace("_", " "), getattr(record, name), ranges[name])


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise an `InputError` about the value called `name` unless `low` <= `value` <= `high`; NaN is refused."""
    if not low <= value <= high:
        raise InputError(f"{name} is {_figure(value)}: it must be from {_figure(low)} to {_figure(high)}")


def from_dict(cls: type[AnyRecord], data: object, *, source: str) -> AnyRecord:
    """Return the record of class `cls` that `data` (parsed JSON) describes.

    Fields that are lists become tuples, and absent fields take their defaults. Raises an `InputError`, whose text
    begins with `source`, for data that is not an object, for an unknown field, for an absent field that has no default,
    and for values that the record refuses.
    """
    try:
        return _record(cls, data)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


@dataclass(frozen=True)
class Leaf:
    """A field that is not a record: its `name` and its type `hint`."""

    name: str
    hint: Any


def leaf_fields(cls: type) -> Iterator[Leaf]:
    """Yield the leaves of the record class `cls`, in order."""
    for name, hint in _hints(cls).items():
        if is_dataclass(hint) and isinstance(hint, type):
            yield from leaf_fields(hint)
        else:
            yield Leaf(name, hint)


def leaves(record: Any) -> dict[str, Any]:
    """Return the values of the leaves of `record` by name, in order."""
    values: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        values |= leaves(value) if is_dataclass(value) else {field.name: value}
    return values


def with_leaves(record: AnyRecord, values: Mapping[str, Any]) -> AnyRecord:
    """Return a copy of `record` in which `values`, by name, replace leaves; names that no leaf has are ignored.

    Raises `InputError` when a new value is not accepted, or when the values do not go together.
    """
    changes: dict[str, Any] = {}
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if is_dataclass(value):
            changes[field.name] = with_leaves(value, values)
        elif field.name in values:
            changes[field.name] = values[field.name]
    return replace(record, **changes)  # type: ignore[type-var]


def field_names(cls: type) -> list[str]:
    """Return the names of the fields of the record class `cls`, in order."""
    return [field.name for field in fields(cls)]


def _figure(value: float) -> str:
    """Return `value` as text for a message, a float to six digits; over 24 characters are cut to 20 and "..."."""
    text = str(value) if isinstance(value, int) else f"{value:g}"
    return text if len(text) <= 24 else f"{text[:20]}..."


@cache
def _annotations(cls: Any) -> dict[str, Any]:
    """Return the annotations of `cls` by name, with the ranges in them."""
    return get_type_hints(cls, include_extras=True)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _record(cls: type[AnyRecord], data: object) -> AnyRecord:
    if not isinstance(data, Mapping):
        raise InputError(f"expected an object with the fields of {cls.__name__}, found {data!r}")
    hints = _hints(cls)  # type: ignore[arg-type]
    for name in data:
        if name not in hints:
            raise unknown("field", str(name), hints)
    for field in fields(cls):  # type: ignore[arg-type]
        if field.name not in data and _is_required(field):
            raise InputError(f"the field '{field.name}' of {cls.__name__} is missing")
    return cls(**{name: _from_json(hints[name], value) for name, value in data.items()})


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _from_json(hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint, value)
    return tuple(value) if isinstance(value, list) else value


def _check_value(name: str, value: Any, hint: Any) -> None:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise unknown(name, str(value), get_args(hint))
    elif not _is_a(value, hint):
        raise InputError(f"{name} is {value!r}: expected {_spoken(hint)}")


def _check_range(name: str, value: Any, hint: Any) -> None:
    if get_origin(hint) is Annotated:
        (allowed,) = hint.__metadata__
        within(name, value, allowed.low, allowed.high)
    elif get_origin(hint) is tuple:
        for item in value:
            _check_range(name, item, get_args(hint)[0])


def _is_a(value: Any, hint: Any) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_is_a(item, get_args(hint)[0]) for item in value)
    if hint in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if hint is float else hint)


def _spoken(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"a list in which each item is {_spoken(get_args(hint)[0])}"
    spoken = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return spoken.get(hint, str(hint))
