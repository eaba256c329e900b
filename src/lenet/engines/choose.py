"""Which device and which engine a training runs on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import torch

from lenet.engines.engine import Engine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError, unknown
from lenet.models.network import Network

ENGINES = ("torch", "halide")


@dataclass(frozen=True)
class Choice:
    """An engine, a device for it, and `why` it is not the faster one (empty if it is, or was asked for)."""

    engine: type[Engine]
    device: torch.device
    why: str = ""


def choose_engine(name: str, device: str, network: Network, method: Method | None = None) -> Choice:
    """The engine and the device of these names; `auto` is what is fastest here and knows the network and the method.

    Without a `method` it is for answers alone. Raises `InputError` for an unknown name, and when what was named is not
    here or cannot train the network so.
    """
    if name not in ("auto", *ENGINES):
        raise unknown("engine", name, ("auto", *ENGINES))
    chosen = choose_device("cpu" if (name, device) == ("halide", "auto") else device)
    if name == "torch" or (name == "auto" and chosen.type != "cpu"):
        return Choice(TorchEngine, chosen)
    try:
        return Choice(_halide(chosen, network, method), chosen)
    except InputError as error:
        if name == "halide":
            raise
        return Choice(TorchEngine, chosen, str(error))


def _halide(device: torch.device, network: Network, method: Method | None) -> type[Engine]:
    if device.type != "cpu":
        raise InputError(f"the halide engine runs on the CPU, not on '{device}': leave out the device, or take torch")
    if find_spec("halide") is None:
        raise InputError("the halide engine is not installed here (pip install halide, where there is a wheel for it)")
    from lenet.engines.halide import HalideEngine, OnlineEngine

    kinds = (OnlineEngine, HalideEngine) if method and method.batch == 1 else (HalideEngine,)
    reasons = []
    for kind in kinds:
        try:
            kind.check(network, method)
            return kind
        except InputError as error:
            reasons.append(error)
    raise reasons[0]


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
