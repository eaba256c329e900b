"""Processes that stand by, each with a few ways to train or to answer, and run a round of one when they are asked.

The child process calls `serve`, in whatever interpreter has the framework. The measuring process holds a `Worker`. They
exchange lines of JSON. For each way and batch size the child first builds and compiles what it needs, and counts the
steps that fill a round. Each round begins with a tenth of that number of steps. The clock covers none of this. Only
numpy is needed here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
THREADS = ("OMP_NUM_THREADS", "HL_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Steps = Callable[[int], int]
"""A function that takes a number of steps and returns how much they did, in pictures or operations."""


@dataclass(frozen=True)
class Pictures:
    """The pictures in memory: `images` `(N, 1, 28, 28)` uint8 and `labels` `(N,)` int64."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def save(self, path: Path) -> None:
        np.savez(path, images=self.images, labels=self.labels)

    @classmethod
    def load(cls, path: Path) -> Pictures:
        with np.load(path) as file:
            return cls(file["images"], file["labels"])

    def batches(self, size: int) -> Iterator[NDArray[np.int64]]:
        """Yield the positions of `size` pictures at a time, without end."""
        order = np.random.default_rng(0).permutation(len(self.labels))
        while True:
            for start in range(0, len(order) - size + 1, size):
                yield order[start : start + size]


Maker = Callable[[Pictures, int], Steps]
"""A function that takes the pictures and the size of a batch and returns the steps."""


def stepping(
    pictures: Pictures,
    batch: int,
    step: Callable[[NDArray[np.int64]], object],
    wait: Callable[[], object] = lambda: None,
) -> Steps:
    """Return steps that call `step` again and again, through all `pictures`; `wait` returns when they are done."""
    order = pictures.batches(batch)

    def steps(count: int) -> int:
        for index in islice(order, count):
            step(index)
        wait()
        return count * batch

    return steps


class Worker:
    """A child process that serves; `about` is the version of its framework. Raises `OSError` if it does not start."""

    def __init__(self, module: str, pictures: Path, threads: int, python: str = sys.executable) -> None:
        self._process = subprocess.Popen(
            [python, "-m", module, str(pictures)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | dict.fromkeys(THREADS, str(threads)),
        )
        self.about: str = self._reply()["about"]

    def rate(self, way: str, batch: int, seconds: float) -> float:
        """Return the pictures or operations per second of `way`, in a round of about `seconds` seconds.

        Raises `OSError` with the reason if it cannot be measured.
        """
        request = {"way": way, "batch": batch, "seconds": seconds}
        self._process.stdin.write(json.dumps(request) + "\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        reply = self._reply()
        if "error" in reply:
            raise OSError(reply["error"])
        return float(reply["done"] / reply["seconds"])

    def _reply(self) -> dict[str, Any]:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise OSError(f"its process ended with status {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()


def serve(about: str, makers: dict[str, Maker]) -> None:
    """Answer the requests on stdin until it ends; `about` names the framework, and `makers` are its ways by name."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a framework prints is not a reply
    replies.write(json.dumps({"about": about}) + "\n")
    pictures, built = Pictures.load(Path(sys.argv[1])), dict[tuple[str, int], tuple[Steps, int]]()
    for line in sys.stdin:
        asked = json.loads(line)
        case = asked["way"], asked["batch"]
        try:
            if case not in built:
                built[case] = _build(makers[asked["way"]], pictures, asked["batch"], asked["seconds"])
            reply: dict[str, Any] = _round(*built[case])
        except Exception as error:  # any error of any framework: the measuring process is told, and goes on
            reply = {"error": (str(error).strip() or type(error).__name__).splitlines()[0]}
        replies.write(json.dumps(reply) + "\n")


def _build(maker: Maker, pictures: Pictures, batch: int, seconds: float) -> tuple[Steps, int]:
    """Return the steps of a way, and the number of them that fills a round."""
    steps = maker(pictures, batch)
    took = _round(steps, 2)["seconds"] / 2
    return steps, max(1, round(seconds / took))


def _round(steps: Steps, count: int) -> dict[str, float]:
    steps(-(-count // 10))  # other processes have filled the caches, and the threads have gone to sleep
    started = perf_counter()
    done = steps(count)
    return {"done": done, "seconds": perf_counter() - started}
