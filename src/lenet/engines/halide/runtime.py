"""What all pipelines of a process share: Halide's thread pool and error handling, as a library that is kept.

`python -m lenet.engines.halide.runtime` compiles it, so that it is there when it is needed.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.metadata import version
from pathlib import Path

from lenet.engines.halide.kept import Entry, store
from lenet.engines.halide.link import find_linker, link_runtime, load
from lenet.engines.halide.processor import TARGET

HALIDE = f"halide {version('halide')}, {TARGET}"  # what all compiled code depends on

errors: list[str] = []  # the messages of pipelines that failed, the last one last


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)  # type: ignore[untyped-decorator]
def _note_error(context: int, message: bytes) -> None:
    """Note the `message` of an error in a pipeline. Without this handler, the process would be aborted."""
    errors.append(message.decode(errors="replace"))


@cache
def load_runtime(folder: Path, linker: str) -> bytes:
    """Load the library from the store `folder`, which keeps it from now on, and return its content.

    If it is not kept yet, it is compiled, and linked by `linker`. Raises `OSError` if that fails.
    """
    library = _entry(folder).find_or_make(lambda: link_runtime(linker))
    load(library).halide_set_error_handler(_note_error)
    return library.content


def is_runtime_kept() -> bool:
    """Return True if the library need not be compiled."""
    folder = store()
    return folder is not None and _entry(folder).find() is not None


def _entry(folder: Path) -> Entry:
    return Entry(folder, f"runtime {HALIDE}")


def main() -> None:
    """Compile the library unless it is kept."""
    folder, linker = store(), find_linker()
    if folder and linker:
        load_runtime(folder, linker)


if __name__ == "__main__":
    main()
