"""The error for input that the user can correct."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """An error for input that cannot be used.

    Its text is one sentence. It names the thing, and says what is wrong with it or what would be accepted. The command
    prints this text on stderr, without a traceback, and exits with code 2.
    """


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Return an `InputError` for a `name` that is not among the `known` names of this `kind`.

    Its text suggests up to three similar names; if there are none, it lists all that are `known`.
    """
    names = list(known)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return InputError(f"unknown {kind} '{name}': {hint}")
