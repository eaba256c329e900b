"""The definitive LeNet: from LeCun's papers to a trained network that reads handwriting.

    import lenet

    for epoch in lenet.fit(lenet.RECIPES["digits"]):
        print(epoch)

The public names are imported when they are first used, so that `import lenet` itself is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lenet.data import Dataset as Dataset
    from lenet.data import Split as Split
    from lenet.data import load_dataset as load_dataset
    from lenet.errors import InputError as InputError
    from lenet.models import MODELS as MODELS
    from lenet.models import Architecture as Architecture
    from lenet.models import Network as Network
    from lenet.models import build as build
    from lenet.models import load as load
    from lenet.training.evaluate import evaluate as evaluate
    from lenet.training.fit import fit as fit
    from lenet.training.recipe import Recipe as Recipe
    from lenet.training.recipes import RECIPES as RECIPES
    from lenet.training.run import Run as Run

_HOMES = {
    "Architecture": "lenet.models",
    "Dataset": "lenet.data",
    "InputError": "lenet.errors",
    "MODELS": "lenet.models",
    "Network": "lenet.models",
    "RECIPES": "lenet.training.recipes",
    "Recipe": "lenet.training.recipe",
    "Run": "lenet.training.run",
    "Split": "lenet.data",
    "build": "lenet.models",
    "evaluate": "lenet.training.evaluate",
    "fit": "lenet.training.fit",
    "load": "lenet.models",
    "load_dataset": "lenet.data",
}

__all__ = list(_HOMES)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lenet' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
