"""Frozen dataclasses that check themselves and travel as JSON.

A record's annotations are the one source of what it accepts: `check` holds a value to them, `from_dict` reads
a record back from parsed JSON, the command makes its flags of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from lenet.errors import InputError, unknown

AnyRecord = TypeVar("AnyRecord")


def check(record: Any) -> None:
    """Raise an `InputError` that names the first field whose value is not of its annotated type."""
    for name, hint in _hints(type(record)).items():
        _check_value(name, getattr(record, name), hint)


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise an `InputError` unless `low` <= `value` <= `high` (a NaN is not)."""
    if not low <= value <= high:
        raise InputError(f"{name} is {_figure(value)}: it must be from {_figure(low)} to {_figure(high)}")


def from_dict(cls: type[AnyRecord], data: object, *, source: str) -> AnyRecord:
    """The record of class `cls` that `data` (parsed JSON) describes; `source` is named when it does not."""
    try:
        return _record(cls, data)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def field_names(cls: type) -> list[str]:
    return [field.name for field in fields(cls)]


def _figure(value: float) -> str:
    """A number in a sentence; a whole one may have any length, and no more of it is said than tells it apart."""
    text = str(value) if isinstance(value, int) else f"{value:g}"
    return text if len(text) <= 24 else f"{text[:20]}..."


def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _record(cls: type[AnyRecord], data: object) -> AnyRecord:
    if not isinstance(data, Mapping):
        raise InputError(f"expected an object with the fields of a {cls.__name__}, found {data!r}")
    hints = _hints(cls)
    for name in data:
        if name not in hints:
            raise unknown("field", str(name), hints)
    return cls(**{name: _from_json(hints[name], value) for name, value in data.items()})


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


def _is_a(value: Any, hint: Any) -> bool:
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_is_a(item, get_args(hint)[0]) for item in value)
    if hint in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if hint is float else hint)


def _spoken(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"a list, each {_spoken(get_args(hint)[0])}"
    spoken = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return spoken.get(hint, str(hint))
