"""The weight file: a safetensors file with a network's parameters, and with its `Spec` as JSON in the metadata.

The metadata key `lenet` holds a JSON object: `format` (the version, 1), the fields of the `Spec`, and `about` (the
writer's notes, such as the data and the run). Reading a file imports no torch; making a `Network` of it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError
from lenet.models.spec import MODEL, Spec
from lenet.records import from_dict
from lenet.tensors import check_shapes, read_tensors, write_tensors

if TYPE_CHECKING:
    from lenet.models.network import Network

SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True)
class WeightFile:
    """The content of a weight file: the `spec`, the weights and biases by name, and the writer's notes `about` them."""

    spec: Spec
    weights: dict[str, NDArray[np.float32]]
    about: dict[str, Any]

    def network(self) -> Network:
        """Return a new network with these weights, on the CPU. It shares their memory."""
        import torch

        from lenet.models.network import Network

        with torch.device("meta"):  # no memory is allocated for weights that are about to be replaced
            network = Network(self.spec)
        weights = {name: torch.from_numpy(array) for name, array in self.weights.items()}
        network.load_state_dict(weights, assign=True)
        return network


def shipped() -> list[str]:
    """Return the names of the networks that come with the package, in alphabetical order."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def find(model: str | PathLike[str]) -> Path:
    """Return the path of the weight file of `model`: the name of a shipped network, a run folder, or the path itself.

    A path that is neither a name nor a folder is not checked. A folder called like a shipped network is meant by
    "./NAME". Raises `InputError` for a folder without a weight file.
    """
    if model in shipped():
        return SHIPPED / f"{model}.safetensors"
    path = Path(model)
    if path.is_dir() and not (path / MODEL).exists():
        raise InputError(f"{path}: not a run folder, for it has no {MODEL} (lenet train makes run folders, in runs/)")
    return path / MODEL if path.is_dir() else path


def save_network(path: Path, network: Network, about: Mapping[str, Any]) -> None:
    """Write `network` and the notes `about` it to the weight file `path`, whole or not at all.

    The notes must be expressible as JSON. Raises `OSError` when the file cannot be written.
    """
    write_tensors(path, network.state_dict(), {**asdict(network.spec), "about": dict(about)})


def load(model: str | PathLike[str]) -> Network:
    """Return the network stored in `model`, a run folder or a .safetensors file, on the CPU.

    Raises `InputError` when the file is absent or damaged, is not a weight file of lenet, or has another version of the
    format.
    """
    return read(model).network()


def read(model: str | PathLike[str]) -> WeightFile:
    """Return the content of the weight file in `model`, a run folder or a .safetensors file.

    Raises `InputError` when the file is absent or damaged, is not a weight file of lenet, or has another version of the
    format.
    """
    path = find(model)
    arrays, metadata = read_tensors(path)
    about = metadata.pop("about", {})
    spec = from_dict(Spec, metadata, source=str(path))
    check_shapes(arrays, spec.shapes, source=str(path))
    for name, array in arrays.items():
        if array.dtype.kind != "f":
            raise InputError(f"{path}: '{name}' holds {array.dtype}, but weights are floating-point numbers")
        if not np.isfinite(array).all():
            raise InputError(f"{path}: '{name}' holds numbers that are not finite: this network cannot be used")
    weights = {name: arrays[name].astype(np.float32, copy=False) for name in spec.shapes}
    return WeightFile(spec, weights, about if isinstance(about, dict) else {})
