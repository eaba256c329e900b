"""LeNet networks from LeCun's papers: define them, train them, and read handwriting with them.

    import lenet

    for epoch in lenet.fit(lenet.RECIPES["digits"]):
        print(epoch)

    print(lenet.predict(epoch.network, ["seven.png"]))

The public names are imported when they are first used, so that `import lenet` itself is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lenet.data import Dataset as Dataset
    from lenet.data import Split as Split
    from lenet.data import load_dataset as load_dataset
    from lenet.data.augment import Augmentation as Augmentation
    from lenet.data.prepare import Preparation as Preparation
    from lenet.engines.method import Method as Method
    from lenet.errors import InputError as InputError
    from lenet.inference.evaluate import evaluate as evaluate
    from lenet.inference.line import read_rows as read_rows
    from lenet.inference.predict import predict as predict
    from lenet.inference.predictor import Predictor as Predictor
    from lenet.models.architecture import Architecture as Architecture
    from lenet.models.network import Network as Network
    from lenet.models.network import build as build
    from lenet.models.spec import Spec as Spec
    from lenet.models.weights import load as load
    from lenet.models.zoo import MODELS as MODELS
    from lenet.training.fit import fit as fit
    from lenet.training.recipe import Recipe as Recipe
    from lenet.training.recipes import RECIPES as RECIPES
    from lenet.training.resume import resume as resume
    from lenet.training.run import Run as Run

_HOMES = {
    "Architecture": "lenet.models.architecture",
    "Augmentation": "lenet.data.augment",
    "Dataset": "lenet.data",
    "InputError": "lenet.errors",
    "MODELS": "lenet.models.zoo",
    "Method": "lenet.engines.method",
    "Network": "lenet.models.network",
    "Predictor": "lenet.inference.predictor",
    "Preparation": "lenet.data.prepare",
    "RECIPES": "lenet.training.recipes",
    "Recipe": "lenet.training.recipe",
    "Run": "lenet.training.run",
    "Spec": "lenet.models.spec",
    "Split": "lenet.data",
    "build": "lenet.models.network",
    "evaluate": "lenet.inference.evaluate",
    "fit": "lenet.training.fit",
    "load": "lenet.models.weights",
    "load_dataset": "lenet.data",
    "predict": "lenet.inference.predict",
    "read_rows": "lenet.inference.line",
    "resume": "lenet.training.resume",
}

__all__ = list(_HOMES)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lenet' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
