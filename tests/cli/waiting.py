"""What `lenet train` says while it loads and compiles, which tests of other lines leave out."""

from __future__ import annotations

import re


def without_waiting(said: str) -> list[str]:
    """Return the lines of `said` but for those with which `lenet train` says what it waits for."""
    waiting = re.compile(r"\S+: loading .* and torch|compiling kernels for this network and this processor; .*")
    return [line for line in said.splitlines() if not waiting.fullmatch(line)]
