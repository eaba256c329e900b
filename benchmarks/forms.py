"""The speed of training with each activation and of each model: compiled kernels, in batches and alone, and torch.

    python -m benchmarks.forms    # six minutes; writes docs/results/forms.json

Batches have 64 random pictures, and all cores work. All forms take turns; each figure is the median of its rounds.
Compiling is not timed. A share compares the multiply-adds a second with those of LeNet-5 with relu that learns in the
same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch

from lenet.data import Split
from lenet.engines.choose import CPU, choose_engine
from lenet.engines.method import Method
from lenet.models.activations import ACTIVATIONS
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.models.zoo import MODELS, specify
from reproduce.results import machine, write_results

ROUNDS = 7

Round = Callable[[], float]


@dataclass(frozen=True)
class Way:
    """A way to learn: a method, an engine, and the number of pictures in a round."""

    method: Method
    engine: str
    pictures: int


ADAMW, SDLM, SINGLE = Method(optimiser="adamw", momentum=0.9), Method(optimiser="sdlm"), Method(batch=1)
WAYS = {
    "batches": Way(ADAMW, "halide", 8192),
    "sdlm": Way(SDLM, "halide", 8192),
    "single": Way(SINGLE, "halide", 2048),
    "torch": Way(ADAMW, "torch", 1024),
    "torch_single": Way(SINGLE, "torch", 64),
}
FORMS = {name: specify("lenet5", activation=name) for name in ACTIVATIONS} | {name: specify(name) for name in MODELS}


def rounds_of(spec: Spec, way: Way) -> Round:
    """Return a function that learns from a round of pictures and returns the pictures a second."""
    side, random = spec.architecture.input_size, np.random.default_rng(0)
    pictures = random.integers(0, 256, (way.pictures, 1, side, side), dtype=np.uint8)
    choice = choose_engine(way.engine, "cpu", spec, way.method)
    engine = choice.engine(Network(spec), Split(pictures, random.integers(0, 10, way.pictures)), way.method, CPU)
    index, rates = np.arange(way.pictures), [1e-6] * -(-way.pictures // way.method.batch)
    engine.begin_epoch(index[:64], None)

    def learn() -> float:
        started = perf_counter()
        engine.learn(index, None, rates)
        engine.tally()
        return way.pictures / (perf_counter() - started)

    return learn


def measured() -> dict[tuple[str, str], float]:
    """Return the pictures a second of each form in each way; forms that are equal are measured once."""
    learning = {(spec, way): rounds_of(spec, WAYS[way]) for spec in FORMS.values() for way in WAYS}
    speeds: dict[tuple[Spec, str], list[float]] = {key: [] for key in learning}
    for turn in range(ROUNDS + 1):
        for key, learn in learning.items():
            speed = learn()
            if turn:  # the first round warms up
                speeds[key].append(speed)
    return {(form, way): median(speeds[spec, way]) for form, spec in FORMS.items() for way in WAYS}


def row(form: str, speeds: dict[tuple[str, str], float]) -> dict[str, Any]:
    """Return the figures of `form`."""

    def share(way: str) -> float:
        work, relu = (sum(layer.multiplications for layer in FORMS[name].layers) for name in (form, "relu"))
        return round(speeds[form, way] * work / (speeds["relu", way] * relu), 2)

    return {
        "images_per_second": round(speeds[form, "batches"]),
        "share_of_relu": share("batches"),
        "times_torch": round(speeds[form, "batches"] / speeds[form, "torch"], 1),
        "sdlm_images_per_second": round(speeds[form, "sdlm"]),
        "single_microseconds": round(1e6 / speeds[form, "single"], 1),
        "single_share_of_relu": share("single"),
        "single_times_torch": round(speeds[form, "single"] / speeds[form, "torch_single"], 1),
    }


def main() -> None:
    speeds = measured()
    tables = {
        title: {form: row(form, speeds) for form in forms}
        for title, forms in (("activations", ACTIVATIONS), ("models", MODELS))
    }
    results = {"machine": machine(), "threads": torch.get_num_threads(), "rounds": ROUNDS, **tables}
    write_results("forms", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
