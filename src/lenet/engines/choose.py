"""The choice of the device and the engine that a training runs on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lenet.engines.engine import Engine
from lenet.engines.method import Method
from lenet.engines.names import NOT_INSTALLED, check_engine, has_halide
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError, unknown
from lenet.models.spec import Spec

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Choice:
    """An engine and the device that it runs on.

    If the engine auto led to torch on the CPU instead of compiled kernels, or to the CPU instead of an accelerator,
    `why` gives the reason; otherwise it is empty.
    """

    engine: type[Engine]
    device: torch.device
    why: str = ""


def choose_engine(name: str, device: str, spec: Spec, method: Method) -> Choice:
    """Return the engine and the device for a network of `spec` trained by `method`.

    `name` is auto, halide or torch; `device` is auto or a device of torch. The engine auto is the first in order (the
    compiled kernels, then torch) that supports the network and the method on the device. The device auto is the
    accelerator if there is one, otherwise the CPU. It is always the CPU for the engine halide. It is also the CPU if
    the engine is auto, the method learns from single pictures, and there are kernels for them: one picture is too
    little work for an accelerator. Raises `InputError` if a name is unknown, or if the engine or device named is not
    available here or cannot train such a network.
    """
    check_engine(name)
    chosen = CPU if (name, device) == ("halide", "auto") else choose_device(device)
    if device == "auto" and chosen.type != "cpu" and name == "auto" and method.batch == 1:
        on_cpu = _first_that_supports(name, CPU, spec, method)
        if on_cpu.engine.name == "halide":
            return Choice(on_cpu.engine, CPU, f"a single picture is too little work for {chosen.type}")
    return _first_that_supports(name, chosen, spec, method)


def _first_that_supports(name: str, device: torch.device, spec: Spec, method: Method) -> Choice:
    reasons = [] if has_halide() else [NOT_INSTALLED]
    for engine in _in_order(name):
        reason = engine.supports(spec, method, device)
        if reason is None:
            expected = engine is not TorchEngine or name == "torch" or device.type != "cpu"
            return Choice(engine, device, "" if expected else reasons[-1])
        reasons.append(reason)
    raise InputError(reasons[-1])


def _in_order(name: str) -> tuple[type[Engine], ...]:
    """Return the installed engines called `name` (for auto, all), the preferred one first.

    If `name` is torch, the package halide is not imported.
    """
    torch_alone = () if name == "halide" else (TorchEngine,)
    if name == "torch" or not has_halide():
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
        numbered = [f"{device.type}:{number}" for number in range(torch.accelerator.device_count())]
        raise InputError(f"device '{name}' is not in this machine: it has {' and '.join(numbered)}")
    return device
