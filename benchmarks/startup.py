"""The time of whole commands, from the start of the process to its end.

    python -m benchmarks.startup [--beside CHECKOUT]    # some minutes; writes docs/results/startup.json

Each command is run five times with kernels that were kept before (warm), and the slow ones also with an empty store of
kernels (cold). With `--beside`, the commands of another checkout take turns with ours. The time of
`python -c "import torch"` says how quick the machine is. The MNIST files must be in `LENET_DATA` or in the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image

from lenet.engines.halide.kept import VARIABLE
from reproduce.results import machine, write_results

RUNS = 5
LENET = [sys.executable, "-m", "lenet"]
COMMANDS = {
    "import torch": [sys.executable, "-c", "import torch"],
    "--help": [*LENET, "--help"],
    "models": [*LENET, "models"],
    "recipes": [*LENET, "recipes"],
    "data": [*LENET, "data"],
    "describe": [*LENET, "describe"],
    "predict": [*LENET, "predict", "run", "seven.png"],
    "evaluate on mnist": [*LENET, "evaluate", "run"],
    "train digits": [*LENET, "train", "--out", "new"],
    "train mnist --epochs 1": [*LENET, "train", "mnist", "--epochs", "1", "--out", "new"],
}
COLD = ("predict", "train digits", "train mnist --epochs 1")


def timed(command: list[str], folder: Path, source: Path, store: Path) -> float:
    """Return the seconds that `command` takes in `folder`, with lenet from `source` and the kernels in `store`."""
    shutil.rmtree(folder / "new", ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(source), VARIABLE: str(store)}
    started = perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def prepare(folder: Path, source: Path, store: Path) -> None:
    """Make a picture, and a run of one epoch on MNIST."""
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(folder / "seven.png")
    timed(COMMANDS["train mnist --epochs 1"], folder, source, store)
    (folder / "new").rename(folder / "run")
    timed(COMMANDS["predict"], folder, source, store)


def measure(sources: dict[str, Path]) -> dict[str, dict[str, float]]:
    """Return the median seconds of each command by the name of its source, and of the cold ones with "cold"."""
    seconds: dict[str, dict[str, list[float]]] = {name: {} for name in COMMANDS}
    with tempfile.TemporaryDirectory() as top:
        places = {source: Path(top) / source for source in sources}
        for source, place in places.items():
            place.mkdir()
            prepare(place, sources[source], place / "kernels")
        for name, command in COMMANDS.items():
            for turn in range(RUNS):
                for source, place in places.items():
                    figures = seconds[name]
                    figures.setdefault(source, []).append(timed(command, place, sources[source], place / "kernels"))
                    if name in COLD:
                        empty = timed(command, place, sources[source], place / f"cold-{name}-{turn}")
                        figures.setdefault(f"{source}, cold", []).append(empty)
    return {name: {kind: round(median(each), 2) for kind, each in figures.items()} for name, figures in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT")
    beside = parser.parse_args().beside
    sources = {"seconds": Path(__file__).parents[1] / "src"}
    if beside:
        sources["before"] = beside.resolve() / "src"
    results = {"machine": machine(), "runs": RUNS, "commands": measure(sources)}
    write_results("startup", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
