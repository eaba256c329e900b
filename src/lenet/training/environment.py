"""The environment of a training: what one must know to judge its results or to reproduce them."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from lenet.data import Dataset

PACKAGES = ("lenet", "torch", "halide", "numpy", "scikit-learn", "pillow", "safetensors")


def environment(dataset: Dataset, engine: str, device: torch.device, step: int) -> dict[str, Any]:
    """Return the environment of the leg that begins now, at `step`, as a dict of JSON values.

    It has the time, the versions, the machine, the number of threads, the `engine`, the `device`, the name and the
    hashes of `dataset`, and the commit of the source.
    """
    return {
        "step": step,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "engine": engine,
        "device": str(device),
        "threads": torch.get_num_threads(),
        "data": {"name": dataset.name, "sha256": dict(dataset.sources)},
        "commit": _commit(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # halide is optional; lenet may be imported from a checkout
        return None


@cache
def _commit() -> str | None:
    """Return the commit of the running source as `git describe` names it; None if git does not track it or fails."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # fails in an environment within somebody else's checkout
        return _git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
