"""The error for input that the user can correct."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """An error for input that cannot be used.

    Its text is one sentence with the thing, the value, and what would be accepted. The command prints it on stderr
    without a traceback and exits with 2.
    """


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Return an `InputError` for a `name` of some `kind` that is not `known`; it suggests the nearest known names."""
    names = list(known)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return InputError(f"unknown {kind} '{name}': {hint}")
