"""Named tensors in a safetensors file, with JSON in its metadata. Nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lenet.errors import InputError
from lenet.files import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

Shaped: TypeAlias = "Tensor | NDArray[Any]"

KEY = "lenet"  # the key of the JSON in the safetensors metadata
FORMAT = 1  # the version of that JSON; files of any other version are refused


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write `tensors` and `metadata` to `path` as one safetensors file, whole or not at all.

    The values in `metadata` must be expressible as JSON; NaN and infinity there raise `ValueError`. Raises `OSError`
    when the file cannot be written.
    """
    arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors.items()}
    write_atomically(path, save(arrays, {KEY: json.dumps({"format": FORMAT, **metadata}, allow_nan=False)}))


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the metadata that `write_tensors` wrote to `path`.

    Raises `InputError` for a file that is absent, damaged, not written by lenet, or in another version of the format.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; a run folder or a .safetensors file of lenet is expected")
    try:
        try:
            tensors, found = _read(path, "np")
        except (TypeError, AttributeError):  # a type that NumPy lacks, such as bfloat16
            torch_tensors, found = _read(path, "pt")
            tensors = {
                name: (tensor.float() if tensor.is_floating_point() else tensor).numpy()
                for name, tensor in torch_tensors.items()
            }
        metadata = json.loads(found[KEY])
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


def _read(path: Path, framework: str) -> tuple[dict[str, Any], dict[str, str]]:
    with safe_open(path, framework=framework) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - not a dict


def shapes_of(tensors: Mapping[str, Shaped]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each of the `tensors` by name."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def check_shapes(tensors: Mapping[str, Shaped], expected: Mapping[str, tuple[int, ...]], *, source: str) -> None:
    """Raise an `InputError` unless `tensors` have the names and shapes of `expected`; its text begins with `source`."""
    found = shapes_of(tensors)
    for name in {**expected, **found}:
        if expected.get(name) != found.get(name):
            raise InputError(
                f"{source}: '{name}' has the shape {found.get(name)}, but {expected.get(name)} is expected"
            )
