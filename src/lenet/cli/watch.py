"""A training on the screen: a line that introduces it, a row for each epoch, and its result."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lenet.cli.show import Screen
from lenet.data import Dataset
from lenet.report.draw import Painter
from lenet.report.write import write_report
from lenet.training.fit import Training
from lenet.training.run import Run, Settings


def train(
    settings: Settings, dataset: Dataset, begun: Run | None, out: Path | None, screen: Screen, painter: Painter
) -> dict[str, Any] | None:
    """Train with `settings` on `dataset`, and return the content of report.json; None if the training was interrupted.

    The progress is shown on `screen`. The run `begun` is resumed; if it is None, a new run is made in the folder `out`,
    by default the first free `runs/<name>-<n>`. `painter` draws the plots of the report. Raises `InputError` when `out`
    is taken, when the settings, the data and the run do not go together, and when the network diverges.
    """
    recipe = settings.recipe
    training = Training(recipe, dataset, engine=settings.engine, device=settings.device)
    if begun:
        run = begun
        training.resume(run)
    else:
        engine, device = training.engine.name, str(training.engine.device)
        run = Run.create(out, recipe, settings.name, engine=engine, device=device, data_dir=settings.data_dir)
        training.begin(run)
    _introduce(screen, settings.name, training)
    if not _watch(screen, training):
        saved = f"stopped and saved after step {training.progress.step:,}"
        screen.say(f"{saved}; resume with: lenet train --resume {run.path}")
        return None
    report = write_report(run, training, painter)
    _conclude(screen, run, report)
    return report


def _introduce(screen: Screen, name: str, training: Training) -> None:
    """Print `name`, the sizes of the network and the data, the engine and its device, and the seed.

    If `training.why_engine` gives a reason for this engine and device, print it too.
    """
    dataset, engine = training.dataset, training.engine
    held_out = f", {len(dataset.validation):,} held out" if dataset.validation else ""
    screen.say(
        f"{name}: {engine.network.spec.parameter_count:,} parameters learn from {len(dataset.train):,} pictures of "
        f"{dataset.name}{held_out}; {engine.name} engine on {engine.device}, seed {training.recipe.seed}"
    )
    if training.why_engine:
        screen.say(f"{engine.name} engine on {engine.device} because {training.why_engine}")


def _watch(screen: Screen, training: Training) -> bool:
    """Train and print a row for each epoch, also those of earlier legs; return whether the training finished."""
    with screen.epochs(training.steps_per_epoch) as show, interruptible() as interrupted:
        for summary in training.progress.history:
            screen.row(summary)

        def now_and_then() -> bool:
            epoch, step = divmod(training.progress.step, training.steps_per_epoch)
            show(epoch + 1, step)
            return interrupted()

        for summary in training.epochs(now_and_then):
            screen.row(summary)
    return training.finished


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns True once Ctrl-C or a SIGTERM has requested a stop.

    The training can then finish the current steps and save its state. A second signal of the same kind has its usual
    effect.
    """
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
    """Print the test error, the files in the run folder, and the command to try next."""
    test = report["test"]
    screen.say(
        f"test error {100 - 100 * test['accuracy']:.2f} %: {test['misses']:,} misses of {test['count']:,} pictures "
        "never seen before",
        style="bold",
    )
    screen.say(f"{run.path}: model.safetensors, MODEL_CARD.md, curves.png, confusion.png, mistakes.png")
    screen.say(f"next: lenet predict {run.path} PICTURE...")
