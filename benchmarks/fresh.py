"""The measurements that need a fresh process: importing, compiling, and the memory for a given number of pictures.

python -m benchmarks.fresh (import MODULE | compile | grow PICTURES)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parent.parent
BATCH, STEPS, TURNS = 64, 100, 5


def in_fresh_process(*arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.fresh", *map(str, arguments)]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    result: dict[str, float] = json.loads(answer)
    return result


def importing(module: str) -> dict[str, float]:
    """Time the import of `module` and of all that it imports, but not the start of Python."""
    started = perf_counter()
    import_module(module)
    return {"seconds": perf_counter() - started}


def compiling() -> dict[str, float]:
    """Time lowering and compiling, but not the imports, the network, and the 64 pictures that it is given."""
    os.environ["LENET_KERNELS"] = "off"  # all is compiled anew
    training, network = _training(BATCH, "torch")
    from torch.nn.utils import parameters_to_vector

    from lenet.engines.halide.batch.answers import Answers
    from lenet.engines.halide.batch.engine import BatchEngine

    started = perf_counter()
    BatchEngine(network, training.dataset.train, training.recipe.method, training.engine.device)
    learning = perf_counter()
    Answers(network.spec, parameters_to_vector(network.parameters()).detach().numpy())
    return {"training_seconds": learning - started, "answering_seconds": perf_counter() - learning}


def growing(count: int) -> dict[str, float]:
    """Measure the speed with `count` random pictures in memory (median of a few turns), and the most memory taken."""
    import numpy as np

    training, _ = _training(count, "halide")
    order = np.random.default_rng(1).integers(0, count, (STEPS, BATCH))
    rates = []
    for _turn in range(TURNS + 1):
        started = perf_counter()
        for index in order:
            training.learn(index)
        rates.append(order.size / (perf_counter() - started))
    return {
        "pictures": count,
        "images_per_second": round(median(rates[1:])),
        "pictures_mib": round(count * 784 / 2**20, 1),
        "process_mib": round(peak_memory() / 2**20),
    }


def _training(count: int, engine: str) -> tuple[Any, Any]:
    import numpy as np

    from benchmarks.peers import SPEED, as_dataset
    from benchmarks.worker import Pictures
    from lenet.training.fit import Training

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, 1, 28, 28), np.uint8)
    training = Training(SPEED, as_dataset(Pictures(images, random.integers(0, 10, count))), engine=engine)
    return training, training.engine.network


def peak_memory() -> int:
    """Return the most memory that this process ever had, in bytes.

    On Linux, getrusage would also count the process that started this one, and in KiB.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "import":
        result = importing(rest[0])
    elif what == "compile":
        result = compiling()
    else:
        result = growing(int(rest[0]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
