"""The weight file: a network's parameters as safetensors, beside its `Spec` as JSON.

The metadata key `lenet` holds a JSON object: `format` (1), the fields of the `Spec`, and `about` (the writer's notes,
such as the data and the run).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lenet.errors import InputError
from lenet.models.network import Network
from lenet.models.spec import MODEL, Spec
from lenet.records import from_dict
from lenet.tensors import read_tensors, write_tensors


@dataclass(frozen=True)
class WeightFile:
    """The content of a weight file: the network, and the writer's notes `about` it."""

    network: Network
    about: dict[str, Any]


def find(model: Path | str) -> Path:
    """Return the path of a weight file: `model` itself, or the file in the run folder `model`.

    Raises `InputError` for a folder without a weight file.
    """
    path = Path(model)
    if path.is_dir() and not (path / MODEL).exists():
        raise InputError(f"{path}: not a run folder, it has no {MODEL} (lenet train makes one, in runs/)")
    return path / MODEL if path.is_dir() else path


def save_network(path: Path, network: Network, about: Mapping[str, Any]) -> None:
    """Write `network` and the notes `about` it to `path`, whole or not at all."""
    write_tensors(path, network.state_dict(), {**asdict(network.spec), "about": dict(about)})


def load(model: Path | str) -> Network:
    """Return the trained network in `model`, a run folder or a .safetensors file, on the CPU.

    Raises `InputError` when there is no such file, or when it is damaged or not one of lenet's.
    """
    return read(model).network


def read(model: Path | str) -> WeightFile:
    """Return the content of the weight file in `model`, a run folder or a .safetensors file.

    Raises `InputError` as `load` does.
    """
    path = find(model)
    tensors, metadata = read_tensors(path)
    about = metadata.pop("about", {})
    spec = from_dict(Spec, metadata, source=str(path))
    with torch.device("meta"):  # takes no memory before the file is known to fill it
        network = Network(spec)
    load_weights(network, tensors, source=str(path))
    return WeightFile(network, about if isinstance(about, dict) else {})


def load_weights(network: torch.nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Make `tensors` the parameters of `network`.

    Raises `InputError`, which begins with `source`, for names, shapes or types that do not fit the network.
    """
    check_shapes(tensors, network.state_dict(), source=source)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise InputError(f"{source}: '{name}' holds {tensor.dtype}, but weights are floating-point numbers")
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)


def check_shapes(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, source: str) -> None:
    """Raise an `InputError`, which begins with `source`, unless `tensors` have the names and shapes of `expected`."""
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in wanted | found:
        if wanted.get(name) != found.get(name):
            raise InputError(f"{source}: '{name}' has the shape {found.get(name)}, but {wanted.get(name)} is expected")
