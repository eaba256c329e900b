"""The measurement of all cases in turn, round after round: a machine that drifts, drifts for all of them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.cases import Case
from benchmarks.worker import Pictures, Worker


@dataclass
class Measured:
    """The `rates` per second of each case by round. `failures` say why a case has none; `about` lists frameworks."""

    rates: dict[Case, list[float]] = field(default_factory=dict)
    failures: dict[Case, str] = field(default_factory=dict)
    about: list[str] = field(default_factory=list)

    def ratio(self, one: Case, other: Case) -> float | None:
        """Return the median of the rounds' ratios of `one` to `other`; None if one of them was not measured."""
        if not (self.rates.get(one) and self.rates.get(other)):
            return None
        return median(a / b for a, b in zip(self.rates[one], self.rates[other], strict=True))


def measure(cases: list[Case], pictures: Pictures, rounds: int, seconds: float) -> Measured:
    """Measure each of the `cases` in each of the `rounds`, for about `seconds` seconds.

    Every other round takes the cases in reverse order. A first round warms up and is not counted.
    """
    measured = Measured({case: [] for case in cases})
    with ExitStack() as stack:
        path = Path(stack.enter_context(TemporaryDirectory())) / "pictures.npz"
        pictures.save(path)
        workers = _start(cases, path, stack, measured)
        for turn in range(rounds + 1):
            for case in list(measured.rates)[:: 1 if turn % 2 == 0 else -1]:
                _take_turn(case, workers, measured, seconds, count=turn > 0)
            print("warm" if not turn else f"round {turn} of {rounds}", flush=True)
    return measured


Workers = dict[tuple[str, int], Worker]


def _start(cases: list[Case], pictures: Path, stack: ExitStack, measured: Measured) -> Workers:
    workers: Workers = {}
    for case in cases:
        key = case.module, case.cores
        if key in workers:
            continue
        try:
            if case.python is None:
                raise OSError("no interpreter was named for it")
            workers[key] = Worker(case.module, pictures, case.cores, case.python)
        except OSError as error:
            _fail(case, str(error), measured)
            continue
        stack.callback(workers[key].close)
        if workers[key].about not in measured.about:
            measured.about.append(workers[key].about)
    return workers


def _take_turn(case: Case, workers: Workers, measured: Measured, seconds: float, *, count: bool) -> None:
    try:
        rate = workers[case.module, case.cores].rate(case.system, case.batch, seconds)
    except OSError as error:
        _fail(case, str(error), measured)
        return
    if count:
        measured.rates[case].append(rate)


def _fail(case: Case, why: str, measured: Measured) -> None:
    print(f"{case.system}: {why}", flush=True)
    measured.failures[case] = why
    del measured.rates[case]
