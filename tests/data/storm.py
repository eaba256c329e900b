"""Many processes fetch at once, and the first half of them are killed. `test_fetch.py` runs this as a program."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

import pooch  # noqa: F401  imported once, before the forks
import requests  # noqa: F401

from lenet.data.catalogue import Entry, File
from lenet.data.fetch import from_cache

PROCESSES = 16


def fork(folder: Path, entry: Entry, last_event: int | None) -> int:
    """Fork a process that fetches, and return its id; the process exits with 0 if it can fetch.

    Unless `last_event` is None, it kills itself at its call or return of that number.
    """
    child = os.fork()
    if child:
        return child
    try:
        if last_event is not None:
            die_at(last_event)
        from_cache(folder, "squares", entry)
        os._exit(0)
    finally:
        os._exit(1)


def die_at(last_event: int) -> None:
    left = last_event

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


def events(folder: Path, entry: Entry) -> int:
    """Return the number of calls and returns in one undisturbed download."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1

    sys.setprofile(count)
    from_cache(folder, "squares", entry)
    sys.setprofile(None)
    return seen


def main(order: str) -> None:
    given = json.loads(order)
    files = {file: File(sha256, size) for file, (sha256, size) in given["files"].items()}
    entry = Entry("", (), "", "", files, (given["mirror"],))
    folder = Path(given["folder"])
    whole = events(folder / "undisturbed", entry)
    chance = random.Random(0)
    codes = []
    for number in range(given["rounds"]):
        lives = [chance.randrange(1, whole) if process < PROCESSES // 2 else None for process in range(PROCESSES)]
        children = [fork(folder / str(number), entry, last_event) for last_event in lives]
        codes += [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    killed = codes.count(-signal.SIGKILL)
    sys.stdout.write(json.dumps({"killed": killed, "failed": len(codes) - killed - codes.count(0)}))


if __name__ == "__main__":
    main(sys.argv[1])
