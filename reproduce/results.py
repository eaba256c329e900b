"""The helpers of reproductions and benchmarks: one file for the results of each, with the machine named in it."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from lenet.data import Dataset, load_dataset
from lenet.files import write_atomically

RESULTS = Path(__file__).parent.parent / "docs" / "results"


def chosen(description: str | None, names: Collection[str]) -> argparse.Namespace:
    """Parse the command line of a reproduction: which of the `names` to run (by default all), or only to plot."""
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
    """Return the facts known about this machine, to stand beside the measurements."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def tested_each_epoch(name: str) -> Dataset:
    """Return the data set `name` with its test pictures as its validation split.

    Tutorials and papers without a validation split have it so. The test error is then measured after every epoch;
    nothing may be chosen by it.
    """
    dataset = load_dataset(name)
    return replace(dataset, validation=dataset.test)


def cached(path: Path, asked: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the file `path` holds if it was measured for just what is `asked`; otherwise measure and write it."""
    found = json.loads(path.read_text()) if path.exists() else {}
    if found.get("asked") != asked:
        found = {"asked": asked, "measured": measure()}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(found).encode())
    return dict(found["measured"])


def read_results(name: str) -> dict[str, Any]:
    """Return the results called `name`; they are empty if there are none yet."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_results(name: str, results: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_atomically(RESULTS / f"{name}.json", (json.dumps(results, indent=1) + "\n").encode())
