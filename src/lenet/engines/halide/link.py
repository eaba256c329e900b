"""Shared libraries from Halide's pipelines, by the linker of the system.

The files in between are in memory: on a full disk, Halide would abort the process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import halide as hl

from lenet.engines.halide.kept import Library
from lenet.engines.halide.processor import TARGET

FUNCTION = "kernel"  # the function in each library
RUNTIME = "lenet-halide-runtime.so"  # the name by which the loader knows the library of `link_runtime`
AHEAD_OF_TIME = TARGET.without_feature(hl.TargetFeature.JIT)


def find_linker() -> str | None:
    """Return the path of the system's linker; None if there is none, or if files in memory have no paths here."""
    return shutil.which("ld") if sys.platform == "linux" else None


def link_runtime(linker: str) -> Library:
    """Return the library with Halide's thread pool and error handling, which all pipelines of a process share.

    Raises `OSError` if `linker` fails.
    """
    content = _written(lambda file: hl.compile_standalone_runtime(_path(file), AHEAD_OF_TIME))
    return Library(_link(linker, [content], "-soname", RUNTIME), [])


def link_pipeline(linker: str, pipeline: hl.Pipeline, arguments: list[Any], runtime: Callable[[], bytes]) -> Library:
    """Return the library of `pipeline`, whose function takes the `arguments` and then a buffer for each result.

    `runtime` returns the content of the library of `link_runtime`, which must be loaded first. It is called after the
    pipeline is compiled, so that another process can compile the runtime at the same time. Raises `OSError` if `linker`
    fails.
    """
    target = AHEAD_OF_TIME.with_feature(hl.TargetFeature.NoRuntime)
    content = _written(lambda file: pipeline.compile_to_object(_path(file), arguments, FUNCTION, target))
    results = sum(func.outputs() for func in pipeline.outputs())
    return Library(_link(linker, [content, runtime()]), [*map(_type_of, arguments), *["buffer"] * results])


def _type_of(argument: Any) -> str:
    if isinstance(argument, hl.ImageParam):
        return "buffer"
    return "float" if argument.type().is_float() else "int"


def load(library: Library) -> ctypes.CDLL:
    """Load a copy of `library` from memory, so that nothing can change it while it is in use.

    Raises `OSError` if the system loads no such files.
    """
    file = _in_memory(library.content)
    try:
        # The loader takes a path that it knows for the same library. So each load spells its path in another way.
        spelling = f"{next(_loads):b}".replace("1", "./").replace("0", "/")
        return ctypes.CDLL(f"/proc/self/fd/{spelling}{file}")
    finally:
        os.close(file)


_loads = count(1)


def _in_memory(content: bytes = b"") -> int:
    """Return the descriptor of a new file in memory with this `content`."""
    file = os.memfd_create("lenet")
    with open(file, "wb", closefd=False) as stream:
        stream.write(content)
    return file


def _path(file: int) -> str:
    return f"/proc/self/fd/{file}"


def _written(write: Callable[[int], object]) -> bytes:
    """Return what `write(file)` writes to a file in memory with the descriptor `file`."""
    with open(_in_memory(), "rb") as file:
        write(file.fileno())
        return file.read()


def _link(linker: str, contents: list[bytes], *options: str) -> bytes:
    """Return the shared library of the object files and libraries `contents`, linked with `options`."""
    sources = [_in_memory(content) for content in contents]

    def run(result: int) -> None:
        command = [linker, "-shared", "-o", *map(_path, [result, *sources]), *options]
        done = subprocess.run(command, pass_fds=[result, *sources], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"{linker} failed: {done.stderr}")

    try:
        return _written(run)
    finally:
        for source in sources:
            os.close(source)
