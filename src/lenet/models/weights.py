"""The weight file: a safetensors file with a network's parameters, and with its `Spec` as JSON in the metadata.

The metadata key `lenet` holds a JSON object: `format` (the version, 1), the fields of the `Spec`, and `about` (the
writer's notes, such as the data and the run).
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
    """Return the path of a weight file: in the folder `model` if it is one, otherwise `model` itself, unchecked.

    Raises `InputError` for a folder without a weight file.
    """
    path = Path(model)
    if path.is_dir() and not (path / MODEL).exists():
        raise InputError(f"{path}: not a run folder, for it has no {MODEL} (lenet train makes run folders, in runs/)")
    return path / MODEL if path.is_dir() else path


def save_network(path: Path, network: Network, about: Mapping[str, Any]) -> None:
    """Write `network` and the notes `about` it to the weight file `path`, whole or not at all.

    The notes must be expressible as JSON. Raises `OSError` when the file cannot be written.
    """
    write_tensors(path, network.state_dict(), {**asdict(network.spec), "about": dict(about)})


def load(model: Path | str) -> Network:
    """Return the network stored in `model`, a run folder or a .safetensors file, on the CPU.

    Raises `InputError` when the file is absent or damaged, is not a weight file of lenet, or has another version of the
    format.
    """
    return read(model).network


def read(model: Path | str) -> WeightFile:
    """Return the network, on the CPU, and the notes stored in `model`, a run folder or a .safetensors file.

    Raises `InputError` when the file is absent or damaged, is not a weight file of lenet, or has another version of the
    format.
    """
    path = find(model)
    tensors, metadata = read_tensors(path)
    about = metadata.pop("about", {})
    spec = from_dict(Spec, metadata, source=str(path))
    with torch.device("meta"):  # no memory is allocated for weights before the shapes in the file are checked
        network = Network(spec)
    load_weights(network, tensors, source=str(path))
    return WeightFile(network, about if isinstance(about, dict) else {})


def load_weights(network: torch.nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Make `tensors`, converted to float32, the parameters of `network`.

    Raises an `InputError`, whose text begins with `source`, for names or shapes that do not fit the network, and for
    tensors that do not hold floating-point numbers.
    """
    check_shapes(tensors, network.state_dict(), source=source)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise InputError(f"{source}: '{name}' holds {tensor.dtype}, but weights are floating-point numbers")
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)


def check_shapes(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, source: str) -> None:
    """Raise an `InputError` unless `tensors` have the names and shapes of `expected`; its text begins with `source`."""
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in wanted | found:
        if wanted.get(name) != found.get(name):
            raise InputError(f"{source}: '{name}' has the shape {found.get(name)}, but {wanted.get(name)} is expected")
