"""What benchmarks/cpu.py measures: systems, batch sizes, numbers of cores, and the arithmetic of each kind of work."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

import torch

from lenet.models.architecture import Architecture
from lenet.models.lenet5 import LENET5
from lenet.models.network import Network

CORES = torch.get_num_threads()
BATCHES = (32, 64, 256, 1024)
BULK = 60_000  # pictures answered at once
GLUON = replace(LENET5, input_size=28, activation="tanh")


@dataclass(frozen=True)
class Work:
    """What is computed for one picture, and the system of ours that the others are compared with."""

    network: Architecture
    ours: str
    learning: bool = True

    @property
    def flop(self) -> int:
        """Multiplications and additions: forward, by the weights, and by the inputs of all but the first layer."""
        layers = Network(self.network, classes=tuple("0123456789")).layers.values()
        forward = [layer.multiplications for layer in layers]
        return 2 * (3 * sum(forward) - forward[0] if self.learning else sum(forward))


WORKS = {
    "lenet5": Work(LENET5, "lenet"),
    "gluon": Work(GLUON, "lenet, Gluon tutorial"),
    "answers": Work(LENET5, "lenet, answers", learning=False),
}

PEERS = {  # elsewhere than in this interpreter: what serves it, and the variable that names its interpreter
    "JAX": ("benchmarks.peer_jax", "BENCH_JAX_PYTHON"),
    "MXNet, Gluon tutorial": ("benchmarks.peer_mxnet", "BENCH_MXNET_PYTHON"),
    "ONNX Runtime, answers": ("benchmarks.peer_ort", "BENCH_ORT_PYTHON"),
}


@dataclass(frozen=True)
class Case:
    """One way at one size of batch on so many cores; `work` is a name in `WORKS`, or "peak"."""

    system: str
    work: str = "lenet5"
    batch: int = 64
    cores: int = CORES

    @property
    def ours(self) -> Case:
        """What it is compared with."""
        return replace(self, system=WORKS[self.work].ours)

    @property
    def peak(self) -> Case:
        return Case("peak", "peak", 0, self.cores)

    @property
    def module(self) -> str:
        return PEERS[self.system][0] if self.system in PEERS else "benchmarks.peers"

    @property
    def python(self) -> str | None:
        """The interpreter that has it; None where none was named."""
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
