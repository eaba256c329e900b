"""`lenet train`: train by a recipe, with the progress on the screen, and leave a run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lenet.cli.arguments import Asked, Command
from lenet.cli.main import INTERRUPTED, import_quickly
from lenet.cli.show import Screen
from lenet.data import Dataset
from lenet.engines.names import EngineName, has_halide
from lenet.errors import InputError, unknown
from lenet.records import check, with_leaves
from lenet.report.draw import Painter
from lenet.training.data import load_training_data
from lenet.training.recipe import Recipe
from lenet.training.recipes import MORE, RECIPES
from lenet.training.start import make_spec

if TYPE_CHECKING:
    from lenet.training.run import Run, Settings

DEFAULT = "digits"


@dataclass(frozen=True)
class Options:
    """The flags of `lenet train` besides those of the recipe.

    Raises `InputError` for an unknown engine, and if both `out` and `resume` are given.
    """

    out: Path | None = None
    resume: Path | None = None
    engine: EngineName = "auto"
    device: str = "auto"
    data_dir: Path | None = None
    json: bool = False

    def __post_init__(self) -> None:
        check(self)
        if self.out and self.resume:
            raise InputError(f"--out {self.out}: a run that is resumed goes on in its own folder, {self.resume}")


COMMAND = Command("train", Options, Recipe)


def run(arguments: list[str]) -> int:
    """Begin or resume the run that `arguments` ask for.

    Return 0 once its report is written, or `INTERRUPTED` if it was stopped. With `--json`, the content of report.json
    goes to stdout, and everything else to stderr.
    """
    asked = COMMAND.parse(arguments, lambda asked: [Options(), RECIPES[_recipe(asked) or DEFAULT]])
    options = with_leaves(Options(), asked.given)
    begun, settings = _settle(options.resume, _recipe(asked), asked.given)
    screen = Screen(json=options.json)
    screen.say(f"{settings.name}: loading {settings.recipe.data} and torch")
    with closing(Painter()) as painter:
        with screen.downloads() as progress:
            dataset = load_training_data(settings.recipe, settings.data_dir, progress)
        if _compile_beforehand(settings, dataset):
            screen.say("compiling kernels for this network and this processor; they are kept for the next time")
        with import_quickly():
            from lenet.cli.watch import train  # importing torch takes seconds, so all that needs no torch comes first

        report = train(settings, dataset, begun, options.out, screen, painter)
    if report is None:
        return INTERRUPTED
    if options.json:
        print(json.dumps(report, allow_nan=False))
    return 0


def _compile_beforehand(settings: Settings, dataset: Dataset) -> bool:
    """Start to compile the kernels that the training will need, and return True if there are any to compile."""
    if settings.engine == "torch" or settings.device not in ("auto", "cpu") or not has_halide():
        return False
    from lenet.engines.halide.beforehand import compile_beforehand

    recipe = settings.recipe
    return compile_beforehand(make_spec(recipe, dataset), recipe.method, recipe.augmentation.numbers)


def _recipe(asked: Asked) -> str | None:
    """Return the name of the recipe that the command line asks for, or None if it names none.

    Raises `InputError` for an unknown name.
    """
    name = asked.words[0] if asked.words else None
    if name is not None and name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return name


def _settle(folder: Path | None, name: str | None, given: Mapping[str, Any]) -> tuple[Run | None, Settings]:
    """Return the run in `folder` (None if `folder` is None) and the settings of the training.

    `name` is the recipe that was asked for, if any, and `given` holds the values of the flags. Raises `InputError` when
    the folder holds no run, or one that is damaged or finished; when `name` or `given` would change the recipe of that
    run; and when a value is not accepted.
    """
    from lenet.training.run import Run, Settings

    if folder is None:
        start = given.get("start", "")
        name = name or (start if start in RECIPES else DEFAULT)
        return None, with_leaves(Settings(name, RECIPES[name]), (MORE if start else {}) | dict(given))
    run = Run.open(folder)
    begun = replace(run.settings, recipe=RECIPES[name]) if name else run.settings
    settings = with_leaves(begun, given)
    run.refuse_change(settings.recipe)
    run.check_unfinished()
    return run, settings
