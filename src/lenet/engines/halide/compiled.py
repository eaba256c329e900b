"""Compiled pipelines: loaded from the user's cache if they were compiled before, and kept there otherwise.

Halide compiles a pipeline to an object file, which the system's linker turns into a shared library. If the user has
turned the cache off, the library is kept for one process only, so the code and its bits are the same. Where there is no
linker, or where no file can be written, Halide compiles in memory; the code may then round some numbers differently.
"""

from __future__ import annotations

import atexit
import ctypes
import tempfile
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cache, lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import halide as hl
import numpy as np
from numpy.typing import NDArray

from lenet.engines.halide.kept import Entry, Library, is_usable, store
from lenet.engines.halide.link import FUNCTION, find_linker, link_pipeline, load
from lenet.engines.halide.processor import TARGET
from lenet.engines.halide.runtime import HALIDE, errors, load_runtime

Design = tuple[hl.Pipeline, list[Any]]
"""a pipeline that is not compiled yet, and its arguments without the results"""

Settled = tuple[Any, ...]
"""a function that returns a `Design`, followed by its arguments"""

SOURCES = ("engines/halide/**/*.py", "engines/method.py", "models/*.py", "data/augment.py", "data/prepare.py")
TYPES = {"buffer": ctypes.c_void_p, "int": ctypes.c_int, "float": ctypes.c_float}


class Buffer(hl.Buffer):  # type: ignore[misc]
    """The memory of a NumPy array as an argument of a pipeline. It is made once and passed to many calls."""

    def __init__(self, array: NDArray[Any]) -> None:
        super().__init__(array)
        self._as_parameter_ = ctypes.c_void_p(self._get_raw_halide_buffer_t())  # what ctypes passes


@lru_cache(maxsize=64)
def compiled(design: Callable[..., Design], *settings: Hashable) -> Callable[..., None]:
    """Return the pipeline that `design(*settings)` describes, as a function of `Buffer`s, ints and floats.

    The last arguments are the results. `design` is called only if the pipeline is not kept. The settings must have
    texts (`repr`) that tell them apart. The function raises `HalideError` when an argument does not fit the pipeline.
    """
    for find_store in (store, _temporary_store):
        with suppress(OSError):  # a folder of another user, a disk without room, a system without files in memory
            if (linker := find_linker()) and (folder := find_store()):
                return _from_store(folder, linker, design, settings)
    pipeline, arguments = design(*settings)
    call: Callable[..., None] = pipeline.compile_to_callable(arguments, TARGET)
    return call


def _from_store(folder: Path, linker: str, design: Callable[..., Design], settings: tuple[Hashable, ...]) -> _Kept:
    runtime = partial(load_runtime, folder, linker)
    library = _entry(folder, design, settings).find_or_make(lambda: link_pipeline(linker, *design(*settings), runtime))
    runtime()
    return _Kept(library)


def keeps() -> bool:
    """Return True if pipelines are kept between processes here."""
    folder = store()
    return folder is not None and find_linker() is not None and is_usable(folder)


def is_kept(design: Callable[..., Design], *settings: Hashable) -> bool:
    """Return True if the pipeline that `design(*settings)` describes need not be compiled."""
    folder = store()
    return folder is not None and _entry(folder, design, settings).find() is not None


def _entry(folder: Path, design: Callable[..., Design], settings: tuple[Hashable, ...]) -> Entry:
    return Entry(folder, f"{design.__module__}.{design.__qualname__}{settings!r} {_versions()}")


class _Kept:
    """A pipeline in a shared library."""

    def __init__(self, library: Library) -> None:
        self._function = load(library)[FUNCTION]
        self._function.argtypes = [TYPES[name] for name in library.arguments]  # type: ignore[misc]

    def __call__(self, *arguments: Buffer | int | float) -> None:
        if len(arguments) != len(self._function.argtypes):
            raise hl.HalideError(f"{len(arguments)} arguments instead of {len(self._function.argtypes)}")
        if self._function(*arguments):
            raise hl.HalideError(errors.pop() if errors else "the pipeline failed")


@cache
def _temporary_store() -> Path:
    """Return a folder that is deleted when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="lenet-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def _versions() -> str:
    """Return a text that changes with everything that compiled code depends on, apart from the pipeline's settings."""
    package, source = Path(__file__).parents[2], sha256()
    for path in sorted(path for part in SOURCES for path in package.glob(part)):
        source.update(path.read_bytes())
    return f"{HALIDE}, numpy {np.__version__}, source {source.hexdigest()}"
