"""A training starts with new weights, drawn by the recipe's seed, or with a network that goes on learning.

pytest tests/training/test_start.py
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lenet.data import Dataset
from lenet.errors import InputError
from lenet.models.initialise import initialise
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.records import with_leaves
from lenet.training.data import hold_out
from lenet.training.fit import Training
from lenet.training.recipe import Recipe
from lenet.training.start import make_network


def weights(network: Network) -> torch.Tensor:
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()


def test_a_new_network_is_the_recipe_s_for_the_data(small_recipe: Recipe, small_data: Dataset) -> None:
    recipe = replace(small_recipe, initialisation="he", seed=3)
    made = make_network(recipe, small_data)
    assert made.spec == Spec(
        recipe.network,
        small_data.classes,
        picture_size=(8, 8),
        background=small_data.background,
        normalisation=small_data.normalisation,
        preparation=recipe.preparation,
    )
    expected = Network(made.spec)
    initialise(expected, "he", 3)
    assert torch.equal(weights(made), weights(expected))


def test_a_training_makes_its_network_by_the_recipe(small_recipe: Recipe, small_data: Dataset) -> None:
    data = hold_out(small_recipe, small_data)
    training = Training(small_recipe, data, engine="torch")
    assert torch.equal(weights(training.kept_network()), weights(make_network(small_recipe, data)))


def test_a_given_network_goes_on_learning(small_recipe: Recipe, small_data: Dataset) -> None:
    """It starts with its own weights. If they are those that the seed draws, it is the same training."""
    data = hold_out(small_recipe, small_data)
    given = {seed: make_network(replace(small_recipe, seed=seed), data) for seed in (small_recipe.seed, 1)}
    results = []
    for network in (None, *given.values()):
        training = Training(small_recipe, data, network=network, engine="torch")
        if network is not None:
            assert torch.equal(weights(training.kept_network()), weights(network))
        list(training.epochs(lambda: False))
        results.append(weights(training.kept_network()))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"maps": (3,)}, r"the network's maps is \(3,\), but with this recipe and data set \(2,\) is expected"),
        ({"mean": 0.5}, r"the network's mean is 0.5, but with this recipe and data set 0.0 is expected"),
        ({"classes": ("a", "b", "c")}, r"the network's classes is \('a', 'b', 'c'\), but .*'row'.* is expected"),
    ],
)
def test_a_network_that_is_not_the_recipe_s_is_refused(
    small_recipe: Recipe, small_data: Dataset, other: dict[str, object], sentence: str
) -> None:
    network = Network(with_leaves(make_network(small_recipe, small_data).spec, other))
    with pytest.raises(InputError, match=f"^{sentence}$"):
        Training(small_recipe, small_data, network=network)
