"""The public names are complete and sorted, and each of them is there.

pytest tests/test_public.py
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lenet

PROMISED = ["Architecture", "Augmentation", "Dataset", "InputError", "MODELS", "Method", "Network", "Predictor"]
PROMISED += ["Preparation", "RECIPES", "Recipe", "Run", "Spec", "Split", "build", "evaluate", "fit", "load"]
PROMISED += ["load_dataset", "predict", "read_rows", "resume"]


def test_names_are_sorted_and_complete() -> None:
    assert lenet.__all__ == sorted(lenet.__all__)
    assert lenet.__all__ == PROMISED


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(lenet.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        name.asname: f"{node.module}" for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    assert seen == lenet._HOMES


@pytest.mark.parametrize("name", lenet.__all__)
def test_each_name_is_there(name: str) -> None:
    value = getattr(lenet, name)
    if callable(value):
        assert value.__name__ == name
        assert value.__doc__, "a public name says what it is"
    else:
        assert isinstance(value, dict)


def test_no_module_hides_a_function() -> None:
    """A module with the name of a public function, such as `lenet.predict`, would take the function's place."""
    root = Path(lenet.__file__).parent
    modules = {path.stem for path in root.glob("*.py")} | {path.name for path in root.iterdir() if path.is_dir()}
    assert not modules & set(lenet.__all__)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'lenet' has no attribute 'tarin'"):
        _ = lenet.tarin
    assert not hasattr(lenet, "print")
