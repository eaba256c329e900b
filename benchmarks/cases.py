"""The cases of benchmarks/cpu.py: systems, batch sizes, numbers of cores, and the arithmetic of each kind of work."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

import torch

from lenet.models.architecture import Architecture
from lenet.models.lenet5 import LENET5

CORES = torch.get_num_threads()
BATCHES = (32, 64, 256, 1024)
BULK = 60_000  # pictures answered at once
GLUON = replace(LENET5, input_size=28, activation="tanh")


@dataclass(frozen=True)
class Work:
    """The work on one picture, and the system of ours that others are compared with."""

    network: Architecture
    ours: str
    learning: bool = True

    @property
    def flop(self) -> int:
        """The multiplications and additions: forward, and for the gradients with respect to the weights and the inputs.

        The first layer needs no gradient with respect to its inputs, the pixels.
        """
        forward = [layer.multiplications for layer in self.network.layers(channels=1, classes=10)]
        return 2 * (3 * sum(forward) - forward[0] if self.learning else sum(forward))


WORKS = {
    "lenet5": Work(LENET5, "lenet"),
    "gluon": Work(GLUON, "lenet, Gluon tutorial"),
    "answers": Work(LENET5, "lenet, answers", learning=False),
}

PEERS = {  # systems in other interpreters: the module that serves them, and the variable that names the interpreter
    "JAX": ("benchmarks.peer_jax", "BENCH_JAX_PYTHON"),
    "MXNet, Gluon tutorial": ("benchmarks.peer_mxnet", "BENCH_MXNET_PYTHON"),
    "ONNX Runtime, answers": ("benchmarks.peer_ort", "BENCH_ORT_PYTHON"),
}


@dataclass(frozen=True)
class Case:
    """One system at one size of batch on a number of cores; `work` is a name in `WORKS`, or "peak"."""

    system: str
    work: str = "lenet5"
    batch: int = 64
    cores: int = CORES

    @property
    def ours(self) -> Case:
        """The case of ours that it is compared with."""
        return replace(self, system=WORKS[self.work].ours)

    @property
    def peak(self) -> Case:
        return Case("peak", "peak", 0, self.cores)

    @property
    def module(self) -> str:
        return PEERS[self.system][0] if self.system in PEERS else "benchmarks.peers"

    @property
    def python(self) -> str | None:
        """The interpreter that has the system; None if none was named."""
        return os.environ.get(PEERS[self.system][1]) if self.system in PEERS else sys.executable


def all_cases() -> list[Case]:
    cores = sorted({1, CORES})
    return [
        *(Case("peak", "peak", 0, count) for count in cores),
        *(Case(system, batch=b, cores=count) for count in cores for b in BATCHES for system in ("lenet", "PyTorch")),
        *(
            Case(system)
            for system in (
                "lenet, torch engine",
                "lenet, whole epochs",
                "lenet, mnist recipe, whole epochs",
                "PyTorch, compiled",
                "PyTorch, DataLoader",
                "JAX",
            )
        ),
        *(
            Case(system, "gluon")
            for system in ("lenet, Gluon tutorial", "lenet, Gluon tutorial, whole epochs", "MXNet, Gluon tutorial")
        ),
        *(
            Case(system, "answers", BULK)
            for system in ("lenet, answers", "lenet, torch engine, answers", "ONNX Runtime, answers")
        ),
    ]
