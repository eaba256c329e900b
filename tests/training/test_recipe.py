"""Recipes refuse what cannot be trained, and those of tutorials and papers hold the published numbers.

pytest tests/training/test_recipe.py
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.models.network import build
from lenet.models.zoo import MODELS
from lenet.records import from_dict, leaf_fields, with_leaves
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0), ("epochs", -1), ("epochs", 2.5), ("epochs", True), ("batch", 0), ("batch", 1 << 17),
        ("rate", 0.0), ("rate", -1.0), ("rate", math.nan), ("rate", math.inf), ("rate", "fast"), ("momentum", 1.0),
        ("validation", 1.0), ("validation", -0.1), ("label_smoothing", 1.0), ("average", 1.0), ("warmup", 1.1),
        ("seed", -1), ("patience", -1), ("weight_decay", -1e-9), ("optimiser", "adam"), ("schedule", "step"),
        ("keep", "first"), ("damping", 0.0), ("rubbish", -1.0), ("curvature_pictures", 0), ("order", "random"),
        ("initialisation", "zero"), ("data", 3),
    ],
)  # fmt: skip
def test_a_field_out_of_its_range_is_named(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=field.replace("_", "[_ ]")):
        with_leaves(Recipe(), {field: value})


@pytest.mark.parametrize("contradiction", [{"patience": 3}, {"keep": "best"}])
def test_choosing_by_validation_needs_a_validation_split(contradiction: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="hold some pictures out"):
        Recipe(**contradiction)


@pytest.mark.parametrize("loss", ["distance", "map"])
def test_a_loss_of_distances_needs_codes(loss: Any) -> None:
    with pytest.raises(InputError, match=f"{loss} compares distances to codes, but the network's output is linear"):
        Recipe(method=Method(loss=loss))


@pytest.mark.parametrize("field", ["momentum", "weight_decay"])
def test_sdlm_takes_no_more_than_it_uses(field: str) -> None:
    with pytest.raises(InputError, match="sdlm has no momentum and no weight decay"):
        with_leaves(Recipe(), {"optimiser": "sdlm", field: 0.5})


def test_every_leaf_has_its_own_name() -> None:
    """The flags of `lenet train`, changes to a resumed run and search spaces name the leaves without a prefix."""
    names = [leaf.name for leaf in leaf_fields(Recipe)]
    assert len(names) == len(set(names))
    assert {"batch", "maps", "shift", "mean", "seed"} <= set(names)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ([], "expected an object"),
        ({"epoch": 3}, "unknown field.*epochs"),
        ({"epochs": "3"}, "epochs is '3'"),
        ({"network": {"maps": [6, "x"]}}, "maps"),
        ({"network": 5}, "expected an object"),
        ({"augmentation": {"shift": -1}}, "shift"),
        ({"method": {"optimiser": "adam"}}, "optimiser"),
        ({"batch": 64}, "unknown field 'batch'"),
    ],
)
def test_damaged_json_is_named(broken: object, named: str) -> None:
    with pytest.raises(InputError, match=named):
        from_dict(Recipe, broken, source="recipe.json")


def test_the_paper_of_1998_is_followed() -> None:
    """The numbers are those of section III.B; docs/lenet-1998.md lists the departures from it."""
    recipe = RECIPES["lecun1998"]
    assert (recipe.network, recipe.order, recipe.epochs) == (MODELS["lenet5-1998"], "constant", 20)
    assert (recipe.method.optimiser, recipe.method.batch) == ("sdlm", 1)
    assert (recipe.rate, recipe.schedule, recipe.curvature_pictures) == (5e-4, "lecun1998", 500)
    background, ink = recipe.preparation.scale(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
    assert (background, ink) == pytest.approx((-0.1, 1.175), abs=1e-6)
    literal = RECIPES["lecun1998-literal"]
    assert (literal.method.loss, literal.method.damping, literal.initialisation) == ("distance", 0.02, "lecun1998")
    assert literal.network.pooling == "trainable-sum"


def test_the_paper_of_1989_is_followed() -> None:
    """The digits are others: 7,291 of MNIST."""
    recipe = RECIPES["lecun1989"]
    assert (recipe.network, recipe.pictures, recipe.epochs) == (MODELS["lenet1989"], 7291, 23)
    assert (recipe.order, recipe.schedule) == ("constant", "constant")
    assert recipe.method == Method(loss="squared-error", optimiser="sdlm", damping=0.02, batch=1)
    assert recipe.initialisation == "lecun1998"
    assert recipe.preparation.scale(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]


def test_the_gluon_tutorial_is_followed() -> None:
    recipe = RECIPES["tutorial-gluon"]
    assert (recipe.data, recipe.rate, recipe.epochs) == ("fashion-mnist", 0.03, 100)
    assert recipe.method == Method(optimiser="sgd", momentum=0.0, weight_decay=0.001, batch=64)
    assert (recipe.schedule, recipe.initialisation) == ("constant", "xavier")
    assert recipe.validation == 0
    network = build("lenet5", **asdict(recipe.network))
    assert sum(parameter.numel() for parameter in network.parameters()) == 44_426
    assert (recipe.network.activation, recipe.network.pooling) == ("tanh", "max")


def test_the_pytorch_tutorial_is_followed() -> None:
    relu, logistic = RECIPES["tutorial-pytorch-relu"], RECIPES["tutorial-pytorch-sigmoid"]
    assert (relu.data, relu.rate, relu.epochs) == ("mnist", 0.01, 1)
    assert (relu.method.momentum, relu.method.batch) == (0.5, 32)
    assert (relu.preparation.fit, relu.preparation.mean, relu.preparation.std) == ("resize", 0.1307, 0.3081)
    assert (relu.network.input_size, relu.network.activation) == (32, "relu")
    assert logistic == replace(relu, network=replace(relu.network, activation="logistic"))
