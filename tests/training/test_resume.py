"""Resuming: bit for bit from every step, after any kill, and with the old files whole when a write fails.

Run: pytest tests/training/test_resume.py
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet.data import Dataset
from lenet.data.augment import Augmentation
from lenet.engines import ENGINES
from lenet.engines.method import Optimiser
from lenet.errors import InputError
from lenet.models import load
from lenet.models.weights import read_tensors
from lenet.training.fit import Training, fit, hold_out
from lenet.training.recipe import Recipe
from lenet.training.run import Run

SLOW_TO_IMPORT = ("pytest", "sklearn.model_selection", "torch._dynamo")  # else by each of 200 processes anew
TIMES = ("seconds", "images_per_second")  # what two equal trainings may differ in


@pytest.fixture(autouse=True)
def asked_before_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.training.fit.SPAN", 1)


def stop_after(steps: int) -> Callable[[], bool]:
    """A `stop` that lets so many steps through."""
    left = iter(range(steps))
    return lambda: next(left, None) is None


def tensors(run: Run) -> dict[str, torch.Tensor]:
    """All that a run's state holds, and the network to use."""
    kept = {f"kept.{name}": tensor for name, tensor in load(run.path).state_dict().items()}
    return read_tensors(run.state)[0] | kept


def history(run: Run) -> list[dict[str, object]]:
    """The run's epochs, without the times."""
    records = read_tensors(run.state)[1]["history"]
    return [{name: value for name, value in record.items() if name not in TIMES} for record in records]


def assert_same(first: Run, second: Run) -> None:
    one, other = tensors(first), tensors(second)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert history(first) == history(second)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_resuming_from_every_step_gives_the_same_bits(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, optimiser: Optimiser, engine: str
) -> None:
    recipe = replace(small_recipe, optimiser=optimiser)
    whole = Run.create(tmp_path / "whole", recipe)
    list(fit(recipe, dataset=small_data, run=whole, engine=engine))
    steps = recipe.epochs * -(-256 // recipe.batch)
    assert steps == 60
    for step in range(steps):
        run = Run.create(tmp_path / str(step), recipe)
        list(fit(recipe, dataset=small_data, run=run, stop=stop_after(step), engine=engine))
        assert read_tensors(run.state)[1]["step"] == step
        list(fit(recipe, dataset=small_data, run=Run.open(run.path), engine=engine))
        assert_same(whole, run)


@pytest.mark.parametrize("engine", ENGINES)
def test_resuming_by_single_patterns_gives_the_same_bits(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, engine: str
) -> None:
    """Around the border of two epochs, where sdlm estimates its second derivatives anew, and in the middle of one."""
    network = replace(small_recipe.network, pooling="trainable-mean", activation="scaled-tanh")
    recipe = replace(
        small_recipe, network=network, optimiser="sdlm", momentum=0.0, weight_decay=0.0, average=0.0, batch=1, epochs=2,
        curvature_pictures=20, rate=1e-3,
    )  # fmt: skip
    whole = Run.create(tmp_path / "whole", recipe)
    list(fit(recipe, dataset=small_data, run=whole, engine=engine))
    for step in (0, 1, 100, 255, 256, 257):
        run = Run.create(tmp_path / str(step), recipe)
        list(fit(recipe, dataset=small_data, run=run, stop=stop_after(step), engine=engine))
        assert read_tensors(run.state)[1]["step"] == step
        list(fit(recipe, dataset=small_data, run=Run.open(run.path), engine=engine))
        assert_same(whole, run)


def test_a_run_interrupted_again_and_again_gives_the_same_bits(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path
) -> None:
    whole, run = (Run.create(tmp_path / name, small_recipe) for name in ("whole", "pieces"))
    list(fit(small_recipe, dataset=small_data, run=whole))
    for _ in range(13):
        list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(5)))
    assert_same(whole, run)


def test_early_stopping_is_the_same_after_a_resume(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    recipe = replace(small_recipe, rate=1e-8, average=0.0, epochs=9, patience=2)
    whole, run = (Run.create(tmp_path / name, recipe) for name in ("whole", "pieces"))
    list(fit(recipe, dataset=small_data, run=whole))
    for _ in range(20):
        list(fit(recipe, dataset=small_data, run=run, stop=stop_after(11)))
    assert_same(whole, run)


def test_another_data_set_is_refused(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(3)))
    with pytest.raises(InputError, match="no longer the data that this run began with"):
        list(fit(small_recipe, dataset=replace(small_data, sources={"made": "elsewhere"}), run=run))


def test_a_state_of_another_recipe_is_refused(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(3)))
    other = replace(small_recipe, network=replace(small_recipe.network, maps=(3,)))
    with pytest.raises(InputError, match="not the state of a training by this run's recipe"):
        list(fit(other, dataset=small_data, run=run))


def after_calls(count: int, act: Callable[[], None]) -> Callable[..., None]:
    """A profiler that acts at the given one of the calls and returns, Python's and C's, that follow."""
    events = itertools.count(1)
    return lambda *_: act() if next(events) == count else None


def save_until_killed(path: Path, recipe: Recipe, dataset: Dataset, calls: int) -> None:
    """Train on, saving after every step, and be killed while saving, after so many calls within it."""
    torch.set_num_threads(1)
    training = Training(recipe, hold_out(recipe, dataset), engine="torch")  # which has nothing to compile
    training.attach(Run.open(path))
    profiler = after_calls(calls, lambda: os.kill(os.getpid(), signal.SIGKILL))
    while True:
        training.learn(np.arange(recipe.batch))
        sys.setprofile(profiler)
        training.save()
        sys.setprofile(None)


def calls_of(save: Callable[[], None]) -> int:
    """How many calls and returns a save is made of."""
    events = itertools.count()
    sys.setprofile(lambda *_: next(events) and None)
    save()
    sys.setprofile(None)
    return next(events)


def test_200_kills_while_saving_leave_a_loadable_run(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(1), engine="torch"))
    training = Training(small_recipe, hold_out(small_recipe, small_data), engine="torch")
    training.attach(run)
    random, most = np.random.default_rng(0), calls_of(training.save)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lenet.training.fit", *SLOW_TO_IMPORT])
    steps = []
    for calls in random.integers(1, 2 * most, 200).tolist():
        process = context.Process(target=save_until_killed, args=(run.path, small_recipe, small_data, calls))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        load(run.path)
        training = Training(small_recipe, hold_out(small_recipe, small_data), engine="torch")
        training.attach(Run.open(run.path))
        kept = training.kept_network().state_dict()
        assert all(torch.equal(tensor, kept[name]) for name, tensor in load(run.path).state_dict().items())
        steps.append(training.progress.step)
    assert steps == sorted(steps)
    assert {0, 1, 2} <= set(np.diff(steps)), "the kills did not come before, between and after the writes of the state"


@pytest.mark.parametrize("code", ["ENOSPC", "EACCES"])
def test_every_write_that_fails_leaves_the_old_files(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    import errno

    recipe = replace(small_recipe, augmentation=Augmentation())
    run = Run.create(tmp_path / "run", recipe)
    training = Training(recipe, hold_out(recipe, small_data))
    training.attach(run)
    writes = ("last.safetensors", "metrics.csv", "model.safetensors")
    for failing in writes:
        training.learn(np.arange(13))
        before = {path.name: path.read_bytes() for path in run.path.iterdir()}
        with monkeypatch.context() as patch:
            real = Path.replace

            def refuse(beside: Path, path: Path, failing: str = failing, real: Callable[..., Path] = real) -> Path:
                if path.name == failing:
                    raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)), str(path))
                return real(beside, path)

            patch.setattr(Path, "replace", refuse)
            with pytest.raises(OSError, match=failing):
                training.save()
        after = {path.name: path.read_bytes() for path in run.path.iterdir()}
        assert after.keys() == before.keys()
        assert after[failing] == before[failing]
        for later in writes[writes.index(failing) :]:
            assert after[later] == before[later]


def test_the_run_folder_says_what_was_held_out(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(1)))
    told = json.loads((run.path / "split.json").read_text())
    assert len(told["held_out"]) == 64
    assert told["held_out"] == small_data.hold_out(0.2, small_recipe.seed).held_out.tolist()  # type: ignore[union-attr]


def test_files_older_than_the_state_are_written_again(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path
) -> None:
    """As a kill leaves them that comes after the state and before what is derived from it."""
    run = Run.create(tmp_path / "run", small_recipe)
    early: dict[Path, bytes] = {}
    for record in fit(small_recipe, dataset=small_data, run=run):
        if record.epoch == 1:
            early = {path: path.read_bytes() for path in (run.model, run.path / "metrics.csv")}
    whole = {path: path.read_bytes() for path in early}
    for path, content in early.items():
        path.write_bytes(content)
    assert list(fit(small_recipe, dataset=small_data, run=run)) == []
    assert {path: path.read_bytes() for path in early} == whole != early
