"""Where a training ran: what must be known to judge its figures or to repeat them."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from lenet.data import Dataset
from lenet.training.recipe import Recipe

PACKAGES = ("lenet", "torch", "halide", "numpy", "scikit-learn", "pillow", "safetensors")


def environment(dataset: Dataset, engine: str, device: torch.device) -> dict[str, Any]:
    """Versions, machine, the hashes of the data and the commit of the source, as JSON-able values."""
    return {
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


def split_record(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """Which training pictures were held out, so that nobody has to trust a random generator."""
    held_out = [] if dataset.held_out is None else dataset.held_out.tolist()
    return {"validation": recipe.validation, "seed": recipe.seed, "held_out": held_out}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # lenet from a checkout on the path
        return None


def _commit() -> str | None:
    """The commit of the source that runs; None when it is not in a git checkout of its own."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # else it is in somebody's environment, in somebody's checkout
        return _git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
