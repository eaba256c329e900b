"""Independent jobs side by side, in processes on this machine or on any executor of `concurrent.futures`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_side_by_side(
    job: Callable[..., Result], calls: Iterable[tuple[Any, ...]], *, workers: int | None = None
) -> Iterator[Result]:
    """Yield the result `job(*call)` of each of the `calls` as soon as it is there, in any order.

    At most `workers` new processes run the calls, by default as many as there are cores. Each process has one torch
    thread. `job` must be defined at the top level of a module; its arguments and results are pickled. Nothing starts
    before the first result is asked for; then all `calls` are taken at once. If a job raises an exception, it is raised
    here. Before that, and when the generator is closed, the calls not yet handed to the processes are cancelled, and
    the others are waited for.
    """
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn"), _take_one_thread) as executor:
        yield from run_on(executor, job, calls)


def run_on(executor: Executor, job: Callable[..., Result], calls: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
    """Give all `calls` to `executor`, then yield each result `job(*call)` as soon as it is there, in any order.

    If a job raises an exception, it is raised here. The calls that `executor` can still cancel are cancelled then, or
    when the generator is closed. The `executor` stays open.
    """
    futures = [executor.submit(job, *call) for call in calls]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _take_one_thread() -> None:
    import torch

    torch.set_num_threads(1)
