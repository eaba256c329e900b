"""The environment of a training, which one must know to judge its numbers or to repeat them."""

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
    """Return the versions, the machine, the hashes of the data and the commit of the source, as JSON-able values.

    They describe one leg of a training: it begins at `step`, on `dataset`, with `engine` on `device`.
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
    except PackageNotFoundError:  # lenet is imported from a checkout, not installed
        return None


@cache
def _commit() -> str | None:
    """Return the commit of the running source; None if no git checkout tracks it."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # fails in an environment within somebody else's checkout
        return _git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
