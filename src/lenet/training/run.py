"""The run folder: everything that one training leaves behind. No later run overwrites anything in it.

runs/digits-1/
  recipe.json         the recipe and the other settings
  environment.json    the versions, device, data hashes and commit of each leg: the first, and one for each resumption
  split.json          the positions of the training pictures held out for validation
  metrics.csv         one row for each epoch
  last.safetensors    the state to resume from
  model.safetensors   the network, ready to be used
  report.json, MODEL_CARD.md, curves.png, confusion.png, mistakes.png    (written at the end by `lenet train`)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lenet.errors import InputError
from lenet.files import write_atomically
from lenet.models.spec import MODEL
from lenet.records import from_dict, leaves
from lenet.training.data import absolute
from lenet.training.recipe import Recipe

RUNS = Path("runs")
RECIPE = "recipe.json"
ENVIRONMENT = "environment.json"


@dataclass(frozen=True)
class Settings:
    """The settings of a run, for its beginning and for every resumption.

    They are the recipe, its `name`, the engine, the device, and `data_dir` (the folder of the data set's files, if one
    was named).
    """

    name: str
    recipe: Recipe
    engine: str = "auto"
    device: str = "auto"
    data_dir: Path | None = None


@dataclass(frozen=True)
class Run:
    """The run in the folder `path`: `create` makes a new one, and `open` finds an existing one."""

    path: Path

    @classmethod
    def create(
        cls,
        path: Path | str | None,
        recipe: Recipe,
        name: str = "recipe",
        *,
        engine: str | None = None,
        device: str | None = None,
        data_dir: Path | str | None = None,
    ) -> Run:
        """Make the folder `path` for a new run by `recipe`, write recipe.json there, and return the run.

        `name` is the name of the recipe. By default, the folder is the first free `runs/<name>-<n>`. If `engine`,
        `device` or `data_dir` (the folder of the data set's files) is given, the run begins and is resumed with it. The
        paths in recipe.json are absolute. Raises `InputError` if `path` exists and is not an empty folder.
        """
        run = cls(_claim(Path(path)) if path else _claim_next(name))
        how = {"engine": engine, "device": device, "data_dir": str(Path(data_dir).resolve()) if data_dir else None}
        run.write_json(RECIPE, {"name": name, "recipe": asdict(absolute(recipe)), "how": how})
        return run

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Return the run in the folder `path`. Raises `InputError` when it is not a run folder."""
        path = Path(path)
        if not (path / RECIPE).is_file():
            raise InputError(
                f"{path}: not a run folder, for it has no {RECIPE} (lenet train makes run folders, in {RUNS}/)"
            )
        return cls(path)

    @property
    def state(self) -> Path:
        return self.path / "last.safetensors"

    @property
    def model(self) -> Path:
        return self.path / MODEL

    @property
    def report(self) -> Path:
        return self.path / "report.json"

    @cached_property
    def settings(self) -> Settings:
        """The settings of the run, read from recipe.json and cached until a leg is added.

        An engine or a device that nobody named is that of the first leg, so that the run goes on as it began; before
        the first leg, it is auto. Raises `InputError` when recipe.json or environment.json is damaged.
        """
        asked = self._read_json(RECIPE, "recipe")
        path = self.path / RECIPE
        try:
            name, recipe, how = str(asked["name"]), asked["recipe"], dict(asked["how"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: not a readable recipe ({error})") from error
        ran = self.legs[0] if self.legs else {}
        engine, device = (str(how.get(key) or ran.get(key) or "auto") for key in ("engine", "device"))
        data_dir = Path(str(how["data_dir"])) if how.get("data_dir") else None
        return Settings(name, from_dict(Recipe, recipe, source=str(path)), engine, device, data_dir)

    @property
    def legs(self) -> list[dict[str, Any]]:
        """The environment of each leg, oldest first. Raises `InputError` when environment.json is damaged."""
        if not (self.path / ENVIRONMENT).exists():
            return []
        legs = self._read_json(ENVIRONMENT, "list of environments")
        if not isinstance(legs, list) or not all(isinstance(leg, dict) for leg in legs):
            raise InputError(f"{self.path / ENVIRONMENT}: not a list of environments, one for each leg")
        return legs

    def add_leg(self, environment: dict[str, Any]) -> None:
        """Append the `environment` of the leg that begins now. Raises `InputError` if environment.json is damaged."""
        self.write_json(ENVIRONMENT, [*self.legs, environment])
        self.__dict__.pop("settings", None)  # the first leg decides what nobody named

    @property
    def finished(self) -> bool:
        """True once the report is written."""
        return self.report.exists()

    def check_unfinished(self) -> None:
        """Raise an `InputError` if the run is finished."""
        if self.finished:
            raise InputError(f"{self.path} is finished: its report is written, and there is nothing to resume")

    def refuse_change(self, recipe: Recipe, engine: str = "auto") -> None:
        """Raise an `InputError`, which names what differs, unless the run has this `recipe` and this `engine`.

        The engine auto, whether given or the run's, agrees with every engine.
        """
        before, after = leaves(absolute(self.settings.recipe)), leaves(absolute(recipe))
        changed = [
            f"{name} was {value} and is now {after[name]}" for name, value in before.items() if value != after[name]
        ]
        if changed:
            raise InputError(
                f"{self.path} was begun with another recipe ({', '.join(changed)}): resume it without changes, "
                "or start a new run"
            )
        if "auto" not in (engine, self.settings.engine) and engine != self.settings.engine:
            raise InputError(f"{self.path} was begun with the engine {self.settings.engine!r}: resume it with that one")

    def write_json(self, name: str, content: object) -> None:
        """Write `content` as JSON to the file `name`, whole or not at all."""
        self.write(name, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, name: str, text: str) -> None:
        """Write `text` to the file `name`, whole or not at all."""
        write_atomically(self.path / name, text.encode())

    def _read_json(self, name: str, kind: str) -> Any:
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{self.path / name}: not a readable {kind} ({error})") from error


def _claim(path: Path) -> Path:
    """Make the folder `path`, or take an empty one, and return it. Raises `InputError` if anything else is there."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path} exists already, and nothing is overwritten: name a new folder")
    path.mkdir(parents=True, exist_ok=True)
    return path


def _claim_next(name: str) -> Path:
    """Make and return the first free folder `runs/<name>-<n>`; two simultaneous trainings get different ones."""
    RUNS.mkdir(exist_ok=True)
    number = 1
    while True:
        path = RUNS / f"{name}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path
