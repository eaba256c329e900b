"""The Gluon tutorial's own training on its own system, MXNet, from new parameters, beside the figures that it prints.

    BENCH_MXNET_PYTHON=... python -m reproduce.gluon_mxnet  # half an hour, one core

The variable names an interpreter that has MXNet: `pip install mxnet 'numpy<1.24'`, in an environment of its own. The
tutorial's network and training run there (gluon_mxnet_worker.py), on one thread: sums then do not depend on the number
of cores, and two threads crawl beside other work. Writes docs/results/gluon-mxnet.json after every epoch, and always
begins with the first. The test pictures are read after every epoch; nothing is chosen by them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cases import PEERS
from benchmarks.worker import ROOT, Pictures
from lenet.data import load_dataset
from lenet.errors import InputError
from reproduce.results import machine, write_results

VARIABLE = PEERS["MXNet, Gluon tutorial"][1]
SEED, EPOCHS = 1, 100
TAIL = 5  # epochs at the end, whose mean accuracy is given: single ones swing


def interpreter() -> str:
    """The one that was named. Raises `InputError` if none was."""
    named = os.environ.get(VARIABLE)
    if not named:
        raise InputError(f"{VARIABLE} is not set: expected the path of a Python interpreter that has MXNet")
    return named


def replies(python: str, folder: Path) -> Iterator[dict[str, Any]]:
    """What the training in the other interpreter writes, as it comes. Raises `InputError` if it fails."""
    try:
        process = subprocess.Popen(
            [python, "-m", "reproduce.gluon_mxnet_worker", str(folder), str(SEED), str(EPOCHS)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"MXNET_ENGINE_TYPE": "NaiveEngine", "OMP_NUM_THREADS": "1"},
        )
    except OSError as error:
        raise InputError(f"{VARIABLE} is '{python}', which does not start: {error.strerror}") from None
    with process:
        yield from map(json.loads, process.stdout or ())
    if process.returncode:
        raise InputError(f"the training by {VARIABLE}, '{python}', ended with status {process.returncode}")


def measure(python: str) -> Iterator[dict[str, Any]]:
    """The results after each epoch. Raises `InputError` if there is no Fashion-MNIST, or the training fails."""
    data = load_dataset("fashion-mnist")
    with TemporaryDirectory() as folder:
        for split, name in ((data.train, "train"), (data.test, "test")):
            Pictures(split.pictures, split.labels).save(Path(folder, f"{name}.npz"))
        said = replies(python, Path(folder))
        results = {
            "command": "python -m reproduce.gluon_mxnet",
            "machine": machine(),
            "versions": next(said, {}),
            "seed": SEED,
        }
        reached: list[dict[str, Any]] = []
        for figures in said:
            reached.append(figures)
            yield results | curves(reached, len(data.test))


def curves(reached: list[dict[str, Any]], pictures: int) -> dict[str, Any]:
    """Losses as the tutorial prints them, and accuracies on so many pictures in percent; the seconds of training."""
    accuracies = [100 * figures["hits"] / pictures for figures in reached]
    tail = accuracies[-TAIL:]
    return {
        "epochs": len(reached),
        "seconds": round(sum(figures["seconds"] for figures in reached), 1),
        "test_accuracy_highest": round(max(accuracies), 3),
        "test_accuracy_last_five": round(sum(tail) / len(tail), 3),
        "train_loss": [round(figures["loss"], 5) for figures in reached],
        "test_accuracy": [round(accuracy, 3) for accuracy in accuracies],
    }


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    try:
        for results in measure(interpreter()):
            write_results("gluon-mxnet", results)
            loss, accuracy = results["train_loss"][-1], results["test_accuracy"][-1]
            print(f"epoch {results['epochs']}: loss {loss:.4f}, test accuracy {accuracy:.2f} %", flush=True)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
