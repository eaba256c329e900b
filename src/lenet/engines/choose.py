"""The choice of the device and the engine that a training runs on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import torch

from lenet.engines.engine import Engine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError, unknown
from lenet.models.spec import Spec

ENGINES = ("halide", "torch")  # the names; `halide` stands for two engines, one for batches and one for single pictures
CPU = torch.device("cpu")
NOT_INSTALLED = "the halide engine is not installed here (pip install halide, where there is a wheel for it)"


@dataclass(frozen=True)
class Choice:
    """An engine and its device. `why` says why it is not the engine one would expect; it is empty otherwise."""

    engine: type[Engine]
    device: torch.device
    why: str = ""


def choose_engine(name: str, device: str, spec: Spec, method: Method) -> Choice:
    """Return the engine called `name` and the device called `device`, for a network of `spec` trained by `method`.

    The device `auto` is the accelerator, if there is one. Single pictures stay on the CPU if it has kernels for them,
    because one picture is too little work for an accelerator. The engine `auto` is the first in order (the compiled
    kernels, then torch) that supports the network and the method on that device. Raises `InputError` if a name is
    unknown, or if the engine or device named is not available here or cannot train such a network.
    """
    check_engine(name)
    chosen = CPU if (name, device) == ("halide", "auto") else choose_device(device)
    if device == "auto" and chosen.type != "cpu" and name == "auto" and method.batch == 1:
        on_cpu = _first_that_supports(name, CPU, spec, method)
        if on_cpu.engine.name == "halide":
            return Choice(on_cpu.engine, CPU, f"a single picture is too little work for {chosen.type}")
    return _first_that_supports(name, chosen, spec, method)


def check_engine(name: str) -> None:
    """Raise an `InputError` unless `name` is auto or the name of an engine."""
    if name not in ("auto", *ENGINES):
        raise unknown("engine", name, ("auto", *ENGINES))


def _first_that_supports(name: str, device: torch.device, spec: Spec, method: Method) -> Choice:
    reasons = [] if find_spec("halide") else [NOT_INSTALLED]
    for engine in _in_order(name):
        reason = engine.supports(spec, method, device)
        if reason is None:
            expected = engine is not TorchEngine or name == "torch" or device.type != "cpu"
            return Choice(engine, device, "" if expected else _nearest(reasons, method))
        reasons.append(reason)
    raise InputError(_nearest(reasons, method))


def _nearest(reasons: list[str], method: Method) -> str:
    """Return the reason of the kernels that are meant for such batches: the first engine's are for single pictures."""
    return reasons[0 if method.batch == 1 else -1]


def _in_order(name: str) -> tuple[type[Engine], ...]:
    """Return the installed engines called `name`, the fastest first; halide is imported only if it is needed."""
    torch_alone = () if name == "halide" else (TorchEngine,)
    if name == "torch" or not find_spec("halide"):
        return torch_alone
    from lenet.engines.halide.batch.engine import BatchEngine
    from lenet.engines.halide.online.engine import OnlineEngine

    return (OnlineEngine, BatchEngine, *torch_alone)


def choose_device(name: str) -> torch.device:
    """Return the device called `name`, such as cpu, cuda:1 or mps; for `auto`, the accelerator if any, else the CPU.

    Raises `InputError` for a device that is unknown or not in this machine.
    """
    found = torch.accelerator.current_accelerator(check_available=True)
    if name == "auto":
        return found or CPU
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
