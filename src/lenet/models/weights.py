"""The weight file: a network's parameters as safetensors, with all that it needs to be used again as JSON.

The metadata key `lenet` holds a JSON object: `format` (1), `architecture`, `classes`, `channels`, `picture_size`,
`background`, `preparation` and `about` (what the writer wants known: the data, the run). Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.files import write_atomically
from lenet.models.architecture import Architecture
from lenet.models.network import Network
from lenet.records import from_dict

KEY = "lenet"
FORMAT = 1  # of the metadata; a file of another is refused
MODEL = "model.safetensors"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able metadata as one safetensors file, whole or not at all."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, {KEY: json.dumps({"format": FORMAT, **metadata}, allow_nan=False)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote. Raises `InputError` for a file that is absent, damaged or not of ours."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; a run folder or a .safetensors file of lenet is expected")
    try:
        with safe_open(
            path, framework="pt"
        ) as file:  # maps the file: without a clone, the tensors would change with it
            metadata = json.loads((file.metadata() or {})[KEY])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error})") from error
    except KeyError:
        raise InputError(
            f"{path}: a safetensors file, but not one that lenet wrote: it has no '{KEY}' metadata"
        ) from None
    if not isinstance(metadata, dict):
        raise InputError(f"{path}: its '{KEY}' metadata is not a JSON object")
    if (found := metadata.pop("format", None)) != FORMAT:
        raise InputError(f"{path}: its format is {found!r}, and this version of lenet reads {FORMAT}")
    return tensors, metadata


def about(model: Path | str) -> dict[str, Any]:
    """What the writer of a weight file wanted known beside the network."""
    told = read_tensors(find(model))[1].get("about")
    return told if isinstance(told, dict) else {}


def find(model: Path | str) -> Path:
    """The weight file that a run folder holds, or that `model` is itself."""
    path = Path(model)
    if path.is_dir() and not (path / MODEL).exists():
        raise InputError(f"{path}: not a run folder, it has no {MODEL} (lenet train makes one, in runs/)")
    return path / MODEL if path.is_dir() else path


def save_network(path: Path, network: Network, about: Mapping[str, Any]) -> None:
    """Write `network` to `path`, whole or not at all; `about` is kept beside it."""
    description = {
        "architecture": asdict(network.architecture),
        "classes": network.classes,
        "channels": network.channels,
        "picture_size": network.picture_size,
        "background": network.background,
        "preparation": asdict(network.preparation),
        "about": dict(about),
    }
    write_tensors(path, network.state_dict(), description)


def load(model: Path | str) -> Network:
    """The trained network in a run folder or a .safetensors file, on the CPU.

    Raises `InputError` when there is none, or the file is damaged or not of ours.
    """
    path = find(model)
    tensors, description = read_tensors(path)
    try:
        classes, channels = [str(name) for name in description["classes"]], int(description["channels"])
        height, width = (int(side) for side in description["picture_size"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: its metadata does not describe a network's classes and pictures") from None
    architecture = from_dict(Architecture, description.get("architecture"), source=str(path))
    preparation = from_dict(Preparation, description.get("preparation"), source=str(path))
    try:
        with torch.device("meta"):  # no memory is taken before the file is known to fill it
            network = Network(
                architecture,
                classes=classes,
                channels=channels,
                picture_size=(height, width),
                background=description.get("background", "either"),
                preparation=preparation,
            )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    load_weights(network, tensors, source=str(path))
    return network


def load_weights(network: torch.nn.Module, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Make `tensors` the parameters of `network`. Raises `InputError` when a name or a shape is not the network's."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in expected | found:
        if expected.get(name) != found.get(name):
            raise InputError(
                f"{source}: '{name}' has the shape {found.get(name)}, but the network that it describes "
                f"has {expected.get(name)}"
            )
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise InputError(f"{source}: '{name}' holds {tensor.dtype}, but weights are floating-point numbers")
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
