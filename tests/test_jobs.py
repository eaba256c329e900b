"""Many pieces of work run at once. Every result comes, and after an error the pieces not yet begun are dropped.

pytest tests/test_jobs.py
"""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Event

import pytest
import torch

from lenet.jobs import run_on, run_side_by_side


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def test_processes_of_one_thread_each_do_the_work() -> None:
    threads, process = run_side_by_side(operator.call, [(torch.get_num_threads,), (os.getpid,)], workers=1)
    assert threads == 1
    assert process != os.getpid()


def test_every_call_has_its_result(executor: Executor) -> None:
    assert sorted(run_on(executor, divmod, [(7, 2), (9, 4), (1, 1)])) == [(1, 0), (2, 1), (3, 1)]
    assert not list(run_on(executor, divmod, []))


def test_an_executor_is_left_open(executor: Executor) -> None:
    for _ in range(2):
        assert list(run_on(executor, abs, [(-3,)])) == [3]


def test_an_error_comes_through_and_what_was_not_begun_is_given_up() -> None:
    begun: list[int] = []
    seen = Event()

    def job(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise ZeroDivisionError
        if number == 2:
            seen.wait()

    with ThreadPoolExecutor(1) as one:
        with pytest.raises(ZeroDivisionError):
            list(run_on(one, job, [(number,) for number in range(9)]))
        seen.set()
    assert begun in ([0, 1], [0, 1, 2])


def test_whoever_has_seen_enough_may_leave() -> None:
    begun: list[int] = []
    seen = Event()

    def job(number: int) -> None:
        begun.append(number)
        if number:
            seen.wait()

    with ThreadPoolExecutor(1) as one:
        results = run_on(one, job, [(number,) for number in range(9)])
        next(results)
        results.close()  # type: ignore[attr-defined]
        seen.set()
    assert begun in ([0], [0, 1])
