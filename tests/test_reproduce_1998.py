"""The reproduction of 1998 makes the right figures of its trainings.

The trainings take half an hour and are not repeated here.

pytest tests/test_reproduce_1998.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lenet.records import with_leaves
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from reproduce import lecun1998
from reproduce import lecun1998_measure as measure
from reproduce import lecun1998_tables as tables


def test_the_closest_two_logits_are_rejected_first() -> None:
    logits, wrong = np.zeros((400, 3), np.float32), np.zeros(400, bool)
    logits[:, 0] = np.arange(400)
    wrong[[0, 50, 399]] = True
    errors = measure.rest_errors(logits, wrong)
    assert errors[[0, 348, 349, 399]] == pytest.approx([1, 1 / 349, 2 / 350, 3 / 400])
    assert measure.rejected(errors) == pytest.approx(51 / 400)  # the one miss left is 1 of 349


def test_nothing_is_rejected_of_a_network_without_misses() -> None:
    errors = measure.rest_errors(np.eye(10, dtype=np.float32), np.zeros(10, bool))
    assert measure.rejected(errors) == 0


def test_a_finished_training_is_taken_from_its_file_unless_the_recipe_is_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained: list[Recipe] = []

    def measured(recipe: Recipe) -> dict[str, list[float]]:
        trained.append(recipe)
        return {"held_out_error": [1.0]}

    monkeypatch.setattr(lecun1998, "CACHE", tmp_path)
    monkeypatch.setattr(lecun1998, "measure_held_out", measured)
    first = lecun1998.train("choose", "damping-1", 100)
    assert lecun1998.train("choose", "damping-1", 100) == first
    assert [(recipe.method.damping, recipe.seed) for recipe in trained] == [(1.0, 100)]
    other = with_leaves(RECIPES["lecun1998"], {"damping": 2.0})
    monkeypatch.setitem(lecun1998.PARTS["choose"].recipes, "damping-1", other)
    lecun1998.train("choose", "damping-1", 100)
    assert [recipe.method.damping for recipe in trained] == [1.0, 2.0]


@pytest.mark.parametrize("part", ["choose", "choose-distorted", "choose-beyond"])
def test_every_variant_is_another_recipe(part: str) -> None:
    recipes = list(lecun1998.PARTS[part].recipes.values())
    assert all(recipe not in recipes[:place] for place, recipe in enumerate(recipes))


def test_a_variant_that_diverged_has_no_mean() -> None:
    runs = [
        {"variant": "as-it-is", "seed": 100, "held_out_error": [3.0, 1.0], "diverged": ""},
        {"variant": "as-it-is", "seed": 101, "held_out_error": [3.0, 2.0], "diverged": ""},
        {"variant": "literal", "seed": 100, "held_out_error": [90.0], "diverged": "no longer a number"},
    ]
    found = tables.summary("choose", runs, held_out=True)
    assert found["variants"]["as-it-is"]["held_out_error_mean"] == 1.5
    assert found["variants"]["literal"]["held_out_error_mean"] is None
    assert "diverged" in tables.table("choose", found)


def test_every_part_counts_other_seeds_than_those_that_it_was_chosen_by() -> None:
    parts = lecun1998.PARTS.values()
    chosen, counted = (
        {seed for part in parts if part.held_out == held_out for seed in part.seeds} for held_out in (True, False)
    )
    assert chosen
    assert counted
    assert not chosen & counted


def test_parts_are_told_with_the_papers_numbers_beside_them() -> None:
    run = {
        "variant": "lecun1998", "seed": 3, "test_error": [2.0, 0.75], "train_error": [3.0, 0.25],
        "seconds": [60.0, 90.0],
        "microseconds_per_pattern": 40.0, "rejected": 0.6, "fig8_missed": [measure.FIG8[0][0]],
        "effective_rates": {"lowest": 1e-5, "median": 1e-4, "highest": 1e-3},
    }  # fmt: skip
    for part, of in lecun1998.PARTS.items():
        if not of.held_out:
            told = tables.table(part, tables.summary(part, [run], held_out=False))
            assert all(f"{error:.2f}" in told for error in tables.PAPER[part].values() if error)
            assert "0.75" in told
            assert "2.5 minutes in all" in told
