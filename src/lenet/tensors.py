"""Named tensors in a safetensors file, with JSON in its metadata. Nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lenet.errors import InputError
from lenet.files import write_atomically

KEY = "lenet"  # the key of the JSON in the safetensors metadata
FORMAT = 1  # the version of that JSON; files of any other version are refused


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write `tensors` and `metadata` to `path` as one safetensors file, whole or not at all.

    The values in `metadata` must be expressible as JSON; NaN and infinity raise `ValueError`. Raises `OSError` when the
    file cannot be written.
    """
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, {KEY: json.dumps({"format": FORMAT, **metadata}, allow_nan=False)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors, on the CPU, and the metadata that `write_tensors` wrote to `path`.

    Raises `InputError` for a file that is absent, damaged, not written by lenet, or in another version of its format.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; a run folder or a .safetensors file of lenet is expected")
    try:
        with safe_open(path, framework="pt") as file:  # maps the file: uncloned tensors would change with it
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
