"""The numbers of a network go together or are refused in a sentence, and layers are named as in the papers.

pytest tests/models/test_architecture.py
"""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet.errors import InputError
from lenet.models.activations import ACTIVATIONS
from lenet.models.architecture import Architecture
from lenet.models.network import build
from lenet.models.zoo import MODELS


@pytest.mark.parametrize(
    ("stages", "hidden", "names"),
    [
        (1, (9, 8), "c1 s2 c3 f4 output"),
        (2, (9, 8), "c1 s2 c3 s4 c5 f6 output"),
        (3, (9, 8), "c1 s2 c3 s4 c5 s6 c7 f8 output"),
        (2, (), "c1 s2 c3 s4 output"),
        (2, (9,), "c1 s2 c3 s4 c5 output"),
        (2, (9, 8, 7, 6), "c1 s2 c3 s4 c5 f6 f7 f8 output"),
    ],
)
def test_names_go_on_counting_as_the_paper_does(stages: int, hidden: tuple[int, ...], names: str) -> None:
    architecture = Architecture(input_size=30, maps=(2,) * stages, kernels=(3,) * stages, hidden=hidden)
    assert " ".join(layer.name for layer in architecture.layers(1, 10)) == names


def test_names_without_sub_sampling() -> None:
    architecture = Architecture(maps=(2, 2), kernels=(3, 3), hidden=(9, 8), pooling="none")
    assert " ".join(layer.name for layer in architecture.layers(1, 10)) == "c1 c2 c3 f4 output"


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        (
            {"input_size": 15},
            "stage 2 (c3) is given 5x5 units, too few for its 5x5 kernels and 2x2 sub-sampling: an input size of at "
            "least 16 fits, or smaller kernels, or fewer stages",
        ),
        (
            {"input_size": 5},
            "stage 1 (c1) is given 5x5 units, too few for its 5x5 kernels and 2x2 sub-sampling: an input size of at "
            "least 16 fits, or smaller kernels, or fewer stages",
        ),
        ({"maps": (6, 16, 32)}, "3 stages of maps but 2 of kernels: give the same number of both"),
        ({"maps": (), "kernels": ()}, "number of stages is 0: it must be from 1 to 16"),
        ({"maps": (6, 0)}, "maps is 0: it must be from 1 to 4096"),
        ({"kernels": (5, -1)}, "kernels is -1: it must be from 1 to 4096"),
        ({"hidden": (4097,)}, "hidden is 4097: it must be from 1 to 4096"),
        ({"hidden": (1,) * 17}, "number of hidden layers is 17: it must be from 0 to 16"),
        ({"input_size": 0}, "input size is 0: it must be from 1 to 1024"),
        ({"input_size": 32.0}, "input_size is 32.0: expected a whole number"),
        ({"input_size": True}, "input_size is True: expected a whole number"),
        ({"maps": 6}, "maps is 6: expected a list in which each item is a whole number"),
        ({"maps": (6, "16")}, "maps is (6, '16'): expected a list in which each item is a whole number"),
        ({"pooling": "maxx"}, "unknown pooling 'maxx': did you mean max or mean?"),
        (
            {"input_size": 2, "kernels": (3, 4), "pooling": "none"},
            "stage 2 (c2) is given 1x1 units, too few for its 4x4 kernels: an input size of at least 3 fits, "
            "or smaller kernels, or fewer stages",
        ),
        ({"table": "lenet5-1989"}, "unknown table 'lenet5-1989': did you mean lenet5-1998 or lenet1989 or lenet1?"),
        ({"table": 3}, "table is 3: expected a text"),
        (
            {"table": "lenet1"},
            "table 'lenet1' connects 12 maps to 4 below, but maps is 6 16: take maps 4 12, or table full",
        ),
        (
            {"table": "lenet5-1998", "maps": (6,), "kernels": (5,)},
            "table 'lenet5-1998' connects 16 maps to 6 below, but maps is 6: take maps 6 16, or table full",
        ),
        ({"biases": "none"}, "unknown biases 'none': known: shared, unshared"),
        ({"output": "rfb"}, "unknown output 'rfb': did you mean rbf?"),
        (
            {"output": "rbf", "hidden": (120,)},
            "output rbf compares codes of 84 units, but the layer below it has 120: take hidden 120 84, say, "
            "or output linear",
        ),
        (
            {"output": "rbf", "hidden": ()},
            "output rbf compares codes of 84 units, but the layer below it has 400: take hidden 120 84, say, "
            "or output linear",
        ),
        ({"activation": "rely"}, "unknown activation 'rely': did you mean relu or relu6 or elu?"),
    ],
)
def test_numbers_that_do_not_go_together(numbers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Architecture(**numbers)


@given(st.integers(1, 200), st.lists(st.integers(1, 40), min_size=1, max_size=16), st.sampled_from(["max", "none"]))
def test_what_is_said_to_fit_fits_and_nothing_smaller_does(size: int, kernels: list[int], pooling: str) -> None:
    numbers: dict[str, Any] = {
        "maps": (1,) * len(kernels), "kernels": tuple(kernels), "hidden": (), "pooling": pooling,
    }  # fmt: skip
    try:
        architecture = Architecture(input_size=size, **numbers)
    except InputError as error:
        found = re.search(r"an input size of at least (\d+) fits", str(error))
        assert found is not None
        least = int(found[1])
        assert least > size
        if least <= 1024:
            Architecture(input_size=least, **numbers)
        with pytest.raises(InputError):
            Architecture(input_size=min(1024, least - 1), **numbers)
    else:
        assert all(min(layer.outputs) >= 1 for layer in architecture.layers(1, 2))


def test_stages_without_sub_sampling_halve_each_side_too() -> None:
    architecture = Architecture(maps=(1, 1, 1), kernels=(5, 4, 1), pooling="none", hidden=())
    assert [layer.outputs[1:] for layer in architecture.layers(1, 2)] == [(16, 16), (8, 8), (4, 4), (1, 1)]


def test_unshared_biases_are_weights_too() -> None:
    numbers: dict[str, Any] = {"input_size": 1024, "maps": (100,), "kernels": (1,), "hidden": (), "pooling": "none"}
    Architecture(**numbers, biases="unshared").check_weights(1, 2)
    Architecture(**numbers | {"maps": (180,)}).check_weights(1, 2)
    weights = 200 * (1 + 512**2 + 2 * 512**2) + 2  # kernels, biases, output and its biases
    with pytest.raises(InputError, match=f"^number of weights is {weights}: "):
        Architecture(**numbers | {"maps": (200,)}, biases="unshared").check_weights(1, 2)


def test_is_frozen_and_comparable() -> None:
    assert Architecture() == Architecture() == MODELS["lenet5"]
    assert Architecture(maps=(1, 2)) != Architecture()
    with pytest.raises(FrozenInstanceError):
        Architecture().input_size = 28  # type: ignore[misc]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_can_be_built(activation: str) -> None:
    network = build("lenet5", activation=activation, maps=(1, 1), hidden=(1,))
    assert network.spec.architecture.activation == activation


def test_build_takes_the_options_as_lists_too() -> None:
    assert build("lenet5", maps=[3, 4]).spec.architecture == Architecture(maps=(3, 4))


def test_build_names_the_classes() -> None:
    assert build("lenet5", classes=3).spec.classes == ("0", "1", "2")
    assert build("lenet5", classes=["cat", "dog"]).spec.classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("lnet5", {}, "unknown model 'lnet5': did you mean lenet5 or lenet4 or lenet1?"),
        ("lenet5", {"kernel": (5, 5)}, "unknown option of lenet5 'kernel': did you mean kernels?"),
        ("lenet5", {"classes": 1}, "number of classes is 1: it must be from 2 to 4096"),
        ("lenet5", {"channels": 0}, "channels is 0: it must be from 1 to 4096"),
        ("lenet5", {"kernels": (50, 50)}, "stage 1 (c1) is given 32x32 units"),
        ("lenet5-1998", {"classes": 3}, "output rbf has codes for 10 classes, not for 3: take output linear"),
    ],
)
def test_build_refuses(name: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        build(name, **options)
