"""What the reproduction of 1998 makes of its trainings; the trainings themselves take half an hour.

pytest tests/test_reproduce_1998.py
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lenet.training.recipe import Recipe

ROOT = Path(__file__).parent.parent


@pytest.fixture
def lecun1998(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    from reproduce import lecun1998

    return lecun1998


def test_the_closest_two_scores_are_rejected_first(lecun1998: ModuleType) -> None:
    scores, wrong = np.zeros((400, 3), np.float32), np.zeros(400, bool)
    scores[:, 0] = np.arange(400)
    wrong[[0, 50, 399]] = True
    assert lecun1998.rejected(scores, wrong) == pytest.approx(51 / 400)  # the one miss left is 1 of 349


def test_nothing_is_rejected_of_a_network_without_misses(lecun1998: ModuleType) -> None:
    assert lecun1998.rejected(np.eye(10, dtype=np.float32), np.zeros(10, bool)) == 0


def test_a_finished_training_is_taken_from_its_file_unless_the_recipe_is_another(
    lecun1998: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained: list[Recipe] = []

    def figures(recipe: Recipe) -> dict[str, list[float]]:
        trained.append(recipe)
        return {"held_out_error": [1.0]}

    monkeypatch.setattr(lecun1998, "KEPT", tmp_path)
    monkeypatch.setattr(lecun1998, "held_out_figures", figures)
    first = lecun1998.train("choose", "damping-1", 100)
    assert lecun1998.train("choose", "damping-1", 100) == first
    assert [(recipe.damping, recipe.seed) for recipe in trained] == [(1.0, 100)]
    monkeypatch.setitem(lecun1998.VARIANTS, "damping-1", {"damping": 2.0})
    lecun1998.train("choose", "damping-1", 100)
    assert [recipe.damping for recipe in trained] == [1.0, 2.0]


def test_a_variant_that_diverged_has_no_mean(lecun1998: ModuleType) -> None:
    runs = [
        {"variant": "as-it-is", "seed": 100, "held_out_error": [3.0, 1.0], "diverged": ""},
        {"variant": "as-it-is", "seed": 101, "held_out_error": [3.0, 2.0], "diverged": ""},
        {"variant": "literal", "seed": 100, "held_out_error": [90.0], "diverged": "no longer a number"},
    ]
    found = lecun1998.summary("choose", runs[::-1])
    assert found["variants"]["as-it-is"]["held_out_error_mean"] == 1.5
    assert found["variants"]["literal"]["held_out_error_mean"] is None
    assert "diverged" in lecun1998.variants_table(found)
