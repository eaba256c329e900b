"""`lenet train`: the way from a recipe to a run folder, with its progress on the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lenet.cli.arguments import Asked, Command, EngineName
from lenet.cli.main import INTERRUPTED
from lenet.cli.show import Screen
from lenet.errors import InputError, unknown
from lenet.records import check, with_leaves
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

if TYPE_CHECKING:
    from lenet.training.run import Run, Settings

DEFAULT = "digits"


@dataclass(frozen=True)
class Options:
    """The flags of the verb beside those of the recipe."""

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
    """Begin a run or go on with one, until its report is written or Ctrl-C interrupts it."""
    asked = COMMAND.parse(arguments, lambda asked: [Options(), RECIPES[_recipe(asked) or DEFAULT]])
    options = with_leaves(Options(), asked.given)
    begun, settings = _settle(options.resume, _recipe(asked), asked.given)
    from lenet.cli.watch import train  # importing torch takes seconds, so flags come first

    report = train(settings, begun, options.out, Screen(json=options.json))
    if report is None:
        return INTERRUPTED
    if options.json:
        print(json.dumps(report, allow_nan=False))
    return 0


def _recipe(asked: Asked) -> str | None:
    """Return the name of the recipe that the command line asks for, if any."""
    name = asked.words[0] if asked.words else None
    if name is not None and name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return name


def _settle(folder: Path | None, name: str | None, given: Mapping[str, Any]) -> tuple[Run | None, Settings]:
    """Return the run in the `folder` to go on with, if any, and the settings to train with."""
    from lenet.training.run import Run, Settings

    if folder is None:
        name = name or DEFAULT
        return None, with_leaves(Settings(name, RECIPES[name]), given)
    run = Run.open(folder)
    begun = replace(run.settings, recipe=RECIPES[name]) if name else run.settings
    settings = with_leaves(begun, given)
    run.refuse_change(settings.recipe)
    run.check_unfinished()
    return run, settings
