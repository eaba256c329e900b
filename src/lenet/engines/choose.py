"""Which device and which engine a training runs on."""

from __future__ import annotations

import torch

from lenet.engines.torch import TorchEngine
from lenet.errors import InputError, unknown

ENGINES = {TorchEngine.name: TorchEngine}


def choose_engine(name: str) -> type[TorchEngine]:
    """The engine of that name, or for `auto` the one that is best here. Raises `InputError` for an unknown name."""
    if name not in ("auto", *ENGINES):
        raise unknown("engine", name, ("auto", *ENGINES))
    return TorchEngine if name == "auto" else ENGINES[name]


def choose_device(name: str) -> torch.device:
    """`auto` (the accelerator where there is one, else the CPU) or the name of a device (cpu, cuda, cuda:1, mps).

    Raises `InputError` for a device that is unknown or not in this machine.
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    if name == "auto":
        return found or torch.device("cpu")
    present = ["cpu", *([found.type] if found else [])]
    try:
        device = torch.device(name)
    except RuntimeError:
        raise unknown("device", name, ["auto", *present]) from None
    if device.type not in present:
        raise InputError(f"device '{name}' is not in this machine: it has {' and '.join(present)}")
    if device.index is not None and device.type != "cpu" and device.index >= torch.accelerator.device_count():
        raise InputError(f"device '{name}' is not in this machine: it has {torch.accelerator.device_count()} of them")
    return device
