"""The network that a training starts from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lenet.data import Dataset
from lenet.errors import InputError
from lenet.models.calibration import Calibration
from lenet.models.initialise import initialise
from lenet.models.spec import Spec
from lenet.models.weights import load
from lenet.records import leaves
from lenet.training.recipe import Recipe

if TYPE_CHECKING:
    from lenet.models.network import Network


def make_network(recipe: Recipe, dataset: Dataset) -> Network:
    """Return the network of `recipe` for `dataset`, with initial weights drawn with the recipe's seed.

    If the recipe names a network to start from, the weights are those, and its calibration is forgotten. Raises
    `InputError` when recipe, data set and that network do not go together.
    """
    from lenet.models.network import Network

    if recipe.start:
        started = load(recipe.start)
        started.spec = replace(started.spec, calibration=Calibration())
        check_network(started, recipe, dataset)
        return started
    network = Network(make_spec(recipe, dataset))
    initialise(network, recipe.initialisation, recipe.seed)
    return network


def check_network(network: Network, recipe: Recipe, dataset: Dataset) -> None:
    """Raise an `InputError` unless `network` has the spec that `make_network` would give it."""
    found, expected = leaves(network.spec), leaves(make_spec(recipe, dataset))
    for name, value in expected.items():
        if found[name] != value:
            raise InputError(
                f"the network's {name.replace('_', ' ')} is {found[name]!r}, "
                f"but with this recipe and data set {value!r} is expected"
            )


def make_spec(recipe: Recipe, dataset: Dataset) -> Spec:
    """Return the spec of the network of `recipe` for `dataset`.

    Raises `InputError` when recipe and data set do not go together.
    """
    return Spec(
        architecture=recipe.network,
        classes=dataset.classes,
        channels=dataset.channels,
        picture_size=dataset.picture_size,
        background=dataset.background,
        normalisation=dataset.normalisation,
        rubbish_class=dataset.rubbish_class,
        preparation=recipe.preparation,
    )
