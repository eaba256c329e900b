"""A run resumes bit for bit from every step and after any kill, and a write that fails leaves the old files whole.

pytest tests/training/test_resume.py
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
from PIL import Image

from lenet.data import Dataset
from lenet.data.augment import Augmentation
from lenet.engines.method import Method, Optimiser
from lenet.engines.names import ENGINES
from lenet.errors import InputError
from lenet.models.weights import load, read
from lenet.records import with_leaves
from lenet.tensors import read_tensors, write_tensors
from lenet.training.data import hold_out
from lenet.training.fit import Training, fit
from lenet.training.recipe import Recipe
from lenet.training.resume import resume
from lenet.training.run import Run

SLOW_TO_IMPORT = ("pytest", "PIL.Image", "sklearn.model_selection", "torch._dynamo")  # imported once for 200 processes
TIMES = ("seconds", "images_per_second")  # figures that differ between equal trainings


@pytest.fixture(autouse=True)
def asked_before_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.training.fit.SPAN", 1)


def stop_after(steps: int) -> Callable[[], bool]:
    """Return a `stop` that lets `steps` steps through."""
    left = iter(range(steps))
    return lambda: next(left, None) is None


def tensors(run: Run) -> dict[str, torch.Tensor]:
    """Return all tensors in the state of `run`, and those of the network that it leaves."""
    kept = {f"kept.{name}": tensor for name, tensor in load(run.path).state_dict().items()}
    return {name: torch.from_numpy(array) for name, array in read_tensors(run.state)[0].items()} | kept


def history(run: Run) -> list[dict[str, object]]:
    """Return the epochs of `run`, without the times."""
    epochs = read_tensors(run.state)[1]["history"]
    return [{name: value for name, value in epoch.items() if name not in TIMES} for epoch in epochs]


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
    recipe = with_leaves(small_recipe, {"optimiser": optimiser})
    whole = Run.create(tmp_path / "whole", recipe)
    list(fit(recipe, dataset=small_data, run=whole, engine=engine))
    steps = recipe.epochs * -(-256 // recipe.method.batch)
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
    """The steps lie around the border of two epochs, where sdlm estimates anew, and in the middle of an epoch."""
    network = replace(small_recipe.network, pooling="trainable-mean", activation="scaled-tanh")
    recipe = replace(
        small_recipe, network=network, method=Method(optimiser="sdlm", batch=1), epochs=2, curvature_pictures=20,
        rate=1e-3,
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
    recipe = with_leaves(small_recipe, {"rate": 1e-8, "average": 0.0, "epochs": 9, "patience": 2})
    whole, run = (Run.create(tmp_path / name, recipe) for name in ("whole", "pieces"))
    list(fit(recipe, dataset=small_data, run=whole))
    for _ in range(20):
        list(fit(recipe, dataset=small_data, run=run, stop=stop_after(11)))
    assert_same(whole, run)


def test_a_folder_is_all_that_resuming_needs(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    """The run goes on with the engine that it began with, even if it was not created with that engine's name."""
    whole, run = (Run.create(tmp_path / name, small_recipe) for name in ("whole", "pieces"))
    list(fit(small_recipe, dataset=small_data, run=whole, engine="torch"))
    list(fit(small_recipe, dataset=small_data, run=run, engine="torch", stop=stop_after(25)))
    list(resume(run.path, dataset=small_data, stop=stop_after(9)))
    assert [epoch.epoch for epoch in resume(str(run.path), dataset=small_data)] == [2, 3]
    assert_same(whole, run)


def test_a_run_by_own_pictures_goes_on_from_another_working_directory(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, label in enumerate(small_data.train.labels[:90]):
        path = tmp_path / "mine" / small_data.classes[label] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(small_data.train.pictures[place, 0]).save(path)
    recipe = replace(small_recipe, data="mine")
    monkeypatch.chdir(tmp_path)
    run = Run.create(Path("run"), recipe)
    list(fit(recipe, run=run, stop=stop_after(3), engine="torch"))
    monkeypatch.chdir(tmp_path / "mine")
    assert [epoch.epoch for epoch in resume(tmp_path / "run")] == [1, 2, 3]
    assert read(tmp_path / "run").about["data"] == str(tmp_path / "mine")


def test_a_finished_run_is_not_resumed(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    run.write_json("report.json", {})
    with pytest.raises(InputError, match=r"run is finished: its report is written, and there is nothing to resume$"):
        resume(run.path, dataset=small_data)
    with pytest.raises(InputError, match="nowhere: not a run folder"):
        resume(tmp_path / "nowhere")


def test_a_run_that_was_killed_before_it_had_a_state_begins(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    assert len(list(resume(run.path, dataset=small_data))) == 3


def test_a_run_is_not_begun_twice(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    training = Training(small_recipe, hold_out(small_recipe, small_data), engine="torch")
    training.begin(run)
    state = run.state.read_bytes()
    training.learn(np.arange(13))
    with pytest.raises(InputError, match="run has been begun already: resume it, or begin in a new folder"):
        training.begin(run)
    assert run.state.read_bytes() == state


def test_every_leg_says_where_it_ran(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, engine="torch", stop=stop_after(7)))
    list(resume(run.path, dataset=small_data, stop=stop_after(20)))
    list(resume(run.path, dataset=small_data))
    legs = json.loads((run.path / "environment.json").read_text())
    assert [leg["step"] for leg in legs] == [0, 7, 27]
    assert {(leg["engine"], leg["device"]) for leg in legs} == {("torch", "cpu")}
    assert all({"packages", "python", "platform", "threads", "data", "commit"} <= leg.keys() for leg in legs)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("network.c1.bias", torch.zeros(1)), ("network.c3.weight", torch.zeros(())), ("best.c1.bias", torch.zeros(1))],
)
def test_a_state_of_other_shapes_is_refused(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, engine: str, name: str, wrong: torch.Tensor
) -> None:
    """Shapes that could be broadcast to the right ones are refused too."""
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(25), engine=engine))
    tensors, metadata = read_tensors(run.state)
    assert name in tensors
    kept = {name: torch.from_numpy(array) for name, array in tensors.items()}
    write_tensors(run.state, {**kept, name: wrong}, metadata)
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(InputError, match="not the state of a training by this run's recipe"):
        fit(small_recipe, dataset=small_data, run=run, engine=engine)
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


def test_another_data_set_is_refused(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(3)))
    with pytest.raises(InputError, match="no longer the data that this run began with"):
        list(fit(small_recipe, dataset=replace(small_data, sources={"made": "elsewhere"}), run=run))


def test_a_state_of_another_recipe_is_refused(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(3)))
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    for other, said in (
        (replace(small_recipe, network=replace(small_recipe.network, maps=(3,))), r"maps was \(2,\) and is now \(3,\)"),
        (replace(small_recipe, rate=0.5), "rate was 0.01 and is now 0.5"),
    ):
        with pytest.raises(InputError, match=rf"was begun with another recipe \({said}\): resume it without changes"):
            list(fit(other, dataset=small_data, run=run))
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_run_for_another_engine_is_not_begun(small_recipe: Recipe, small_data: Dataset, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", small_recipe, engine="halide")
    with pytest.raises(InputError, match="run was begun with the engine 'halide': resume it with that one"):
        fit(small_recipe, dataset=small_data, run=run, engine="torch")
    assert not run.state.exists()


def test_pictures_that_come_from_no_file_are_known_again(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    unnamed = replace(small_data, sources={})
    list(fit(small_recipe, dataset=unnamed, run=run, stop=stop_after(3)))
    other = replace(unnamed, train=replace(unnamed.train, pictures=255 - unnamed.train.pictures))
    with pytest.raises(InputError, match="no longer the data that this run began with"):
        resume(run.path, dataset=other)
    assert next(resume(run.path, dataset=unnamed)).epoch == 1


def test_a_diverged_network_is_not_saved_when_it_is_stopped(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", small_recipe)
    training = Training(small_recipe, hold_out(small_recipe, small_data), engine="torch")
    training.begin(run)
    before = run.state.read_bytes()
    with torch.no_grad():
        training.engine.network.get_parameter("output.bias").fill_(torch.nan)
    with pytest.raises(InputError, match=r"the network diverged \(.*\): try a rate below 0\.01"):
        list(training.epochs(lambda: True))
    assert run.state.read_bytes() == before


def after_calls(count: int, act: Callable[[], None]) -> Callable[..., None]:
    """Return a profiler that calls `act` at event number `count`; the events are calls and returns of Python and C."""
    events = itertools.count(1)
    return lambda *_: act() if next(events) == count else None


def write_no_legs(patch: pytest.MonkeyPatch) -> None:
    """Do not write environment.json: a save does not write it either, and 400 legs take a third of the time."""
    patch.setattr(Run, "add_leg", lambda *_: None)


def save_until_killed(path: Path, recipe: Recipe, dataset: Dataset, calls: int) -> None:
    """Train on, saving after every step, until killed within a save, at call or return number `calls`."""
    torch.set_num_threads(1)
    write_no_legs(pytest.MonkeyPatch())
    training = Training(recipe, hold_out(recipe, dataset), engine="torch")  # the torch engine has nothing to compile
    training.resume(Run.open(path))
    profiler = after_calls(calls, lambda: os.kill(os.getpid(), signal.SIGKILL))
    while True:
        training.learn(np.arange(recipe.method.batch))
        sys.setprofile(profiler)
        training.save()
        sys.setprofile(None)


def calls_of(save: Callable[[], None]) -> int:
    """Return the number of calls and returns within `save`."""
    events = itertools.count()
    sys.setprofile(lambda *_: next(events) and None)
    save()
    sys.setprofile(None)
    return next(events)


def test_200_kills_while_saving_leave_a_loadable_run(
    small_recipe: Recipe, small_data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_no_legs(monkeypatch)
    run = Run.create(tmp_path / "run", small_recipe)
    list(fit(small_recipe, dataset=small_data, run=run, stop=stop_after(1), engine="torch"))
    training = Training(small_recipe, hold_out(small_recipe, small_data), engine="torch")
    training.resume(run)
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
        training.resume(Run.open(run.path))
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
    training.begin(run)
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
    """A kill leaves older files if it comes after the state is written and before the files derived from it are."""
    run = Run.create(tmp_path / "run", small_recipe)
    early: dict[Path, bytes] = {}
    for epoch in fit(small_recipe, dataset=small_data, run=run):
        if epoch.epoch == 1:
            early = {path: path.read_bytes() for path in (run.model, run.path / "metrics.csv")}
    whole = {path: path.read_bytes() for path in early}
    for path, content in early.items():
        path.write_bytes(content)
    state = run.state.stat().st_ino
    assert list(fit(small_recipe, dataset=small_data, run=run)) == []
    assert {path: path.read_bytes() for path in early} == whole != early
    assert run.state.stat().st_ino == state, "the state was written that was just read"
