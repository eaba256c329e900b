"""What every reproduction shares: seeds side by side on the cores, results in one file, the machine named in it."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from lenet.files import write_atomically

RESULTS = Path(__file__).parent.parent / "docs" / "results"


def chosen(description: str | None, names: Collection[str]) -> argparse.Namespace:
    """The command line of a reproduction: which of the `names` to run (all of them without one), or only to plot."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run: {', '.join(names)}; otherwise all")
    parser.add_argument("--plot", action="store_true", help="run nothing, draw from the results there are")
    options = parser.parse_args()
    for name in options.names:
        if name not in names:
            parser.error(f"unknown name '{name}': choose from {', '.join(names)}")
    options.names = options.names or list(names)
    return options


def machine() -> dict[str, Any]:
    """The machine that a figure was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def side_by_side(job: Callable[..., dict[str, Any]], calls: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """`job(*call)` for each call, as many at once as there are cores, one thread each; results as they come."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for done in as_completed([pool.submit(job, *call) for call in calls]):
            yield done.result()


def kept(path: Path, asked: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The figures in the file if they are of just what is asked for, or else new ones, which are then kept there."""
    found = json.loads(path.read_text()) if path.exists() else {}
    if found.get("asked") != asked:
        found = {"asked": asked, "figures": measure()}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(found).encode())
    return dict(found["figures"])


def read_results(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_results(name: str, results: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_atomically(RESULTS / f"{name}.json", (json.dumps(results, indent=1) + "\n").encode())
