"""`lenet train`: from a recipe to a run folder, watched as it goes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lenet.cli import INTERRUPTED
from lenet.cli.arguments import Folder, last_value, parse, split_name
from lenet.cli.show import Screen
from lenet.data import CATALOGUE, load_dataset
from lenet.errors import InputError, unknown
from lenet.report import write_report
from lenet.training.fit import Training, hold_out
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from lenet.training.run import Run

DEFAULT = "digits"


@dataclass(frozen=True)
class Options:
    """Train by a recipe (`lenet train [RECIPE]`, digits unless another is named) and leave a run folder."""

    recipe: Recipe
    out: Folder = None
    """the run folder to make; otherwise runs/RECIPE-N"""
    resume: Folder = None
    """a run folder to go on from, exactly where it stopped"""
    engine: str = "auto"
    """what computes the steps: auto (the fastest that knows the network), halide (kernels for this CPU) or torch"""
    device: str = "auto"
    """where: auto (an accelerator if there is one), cpu, cuda, mps"""
    data_dir: Folder = None
    """where the data set's files are; otherwise LENET_DATA, the cache, a download"""
    json: bool = False
    """one line of JSON on stdout, everything else on stderr"""


def train(arguments: list[str]) -> int:
    name, run, options = _asked(arguments)
    recipe, screen = options.recipe, Screen(json=options.json)
    with screen.downloads() as progress:
        dataset = hold_out(recipe, load_dataset(recipe.data, data_dir=options.data_dir, progress=progress))
    if recipe.data not in CATALOGUE:  # a folder of one's own is to be found again from anywhere
        whole = str(Path(recipe.data).resolve())
        recipe, dataset = replace(recipe, data=whole), replace(dataset, name=whole)
    training = Training(recipe, dataset, engine=options.engine, device=options.device)
    run = run or Run.create(options.out, recipe, name, **_how(options, training))
    training.attach(run)
    _introduce(screen, name, training)
    if not _watch(screen, training):
        screen.say(f"stopped after step {training.progress.step:,}, saved; go on with: lenet train --resume {run.path}")
        return INTERRUPTED
    about = {"recipe": name, "engine": training.engine.name, "device": str(training.engine.device)}
    report = write_report(run, recipe, dataset, training.kept_network(), training.progress.history, about)
    _conclude(screen, run, report)
    if options.json:
        print(json.dumps(report, allow_nan=False))
    return 0


def _asked(arguments: list[str]) -> tuple[str, Run | None, Options]:
    """The recipe's name, the run to resume (if any) and the options in the arguments."""
    name, rest = split_name(arguments, Options)
    if name is not None and name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    resumed = last_value("--resume", rest)
    if resumed is None:
        name = name or DEFAULT
        return name, None, parse(Options, "train", rest, default=Options(RECIPES[name]))
    run = Run.open(Path(resumed))
    begun = run.recipe()
    options = parse(Options, "train", rest, default=_as_begun(run, RECIPES[name] if name else begun))
    if options.out:
        raise InputError(f"--out {options.out}: a run that is resumed goes on in its own folder, {run.path}")
    _refuse_change(run, begun, options.recipe)
    if run.report.exists():
        raise InputError(f"{run.path} is finished: its report is written, and there is nothing to resume")
    return run.recipe_name(), run, options


def _how(options: Options, training: Training) -> dict[str, str | None]:
    """What a resumed run must have alike, beside its recipe."""
    data_dir = str(options.data_dir.resolve()) if options.data_dir else None
    return {"engine": training.engine.name, "device": str(training.engine.device), "data_dir": data_dir}


def _as_begun(run: Run, recipe: Recipe) -> Options:
    how = run.how()
    data_dir = how.get("data_dir")
    return Options(
        recipe,
        engine=how.get("engine") or "auto",
        device=how.get("device") or "auto",
        data_dir=Path(data_dir) if data_dir else None,
    )


def _refuse_change(run: Run, begun: Recipe, asked: Recipe) -> None:
    before, after = dict(_leaves(asdict(begun))), dict(_leaves(asdict(asked)))
    changed = [f"{name} was {before[name]} and is now {after[name]}" for name in before if before[name] != after[name]]
    if changed:
        raise InputError(
            f"{run.path} was begun with another recipe ({', '.join(changed)}): resume it without changes, "
            "or start a new run"
        )


def _leaves(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value


def _introduce(screen: Screen, name: str, training: Training) -> None:
    dataset, engine = training.dataset, training.engine
    parameters = sum(layer.parameter_count for layer in engine.network.layers.values())
    held_out = f", {len(dataset.validation):,} held out" if dataset.validation else ""
    screen.say(
        f"{name}: {parameters:,} parameters learn from {len(dataset.train):,} pictures of {dataset.name}{held_out}; "
        f"{engine.name} engine on {engine.device}, seed {training.recipe.seed}"
    )
    if training.why_engine:
        screen.say(f"not faster: {training.why_engine}")


def _watch(screen: Screen, training: Training) -> bool:
    """Train on the screen; False when it was interrupted."""
    with screen.epochs(training.steps_per_epoch) as show, _interruptible() as interrupted:
        for record in training.progress.history:
            screen.row(record)

        def now_and_then() -> bool:
            epoch, step = divmod(training.progress.step, training.steps_per_epoch)
            show(epoch + 1, step)
            return interrupted()

        for record in training.epochs(now_and_then):
            screen.row(record)
    return training.finished


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Within, Ctrl-C (or a scheduler's SIGTERM) asks for an end after the steps in hand; a second one does not wait."""
    asked = False

    def ask(number: int, _: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, former[signal.Signals(number)])

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _conclude(screen: Screen, run: Run, report: dict[str, Any]) -> None:
    test = report["test"]
    screen.say(
        f"test error {100 - 100 * test['accuracy']:.2f} %: {test['misses']:,} misses of {test['count']:,} pictures "
        "never seen before",
        style="bold",
    )
    screen.say(f"{run.path}: model.safetensors, MODEL_CARD.md, curves.png, confusion.png, mistakes.png")
    screen.say(f"next: lenet predict {run.path} PICTURE...")
