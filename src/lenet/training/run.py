"""The run folder: everything that one training leaves behind. Nothing in it is ever overwritten by another run.

runs/digits-1/
  recipe.json         what was asked for
  environment.json    versions, device, data hashes, commit
  split.json          which training pictures were held out for validation
  metrics.csv         one row for each epoch
  last.safetensors    the state to resume from
  model.safetensors   the network, ready to be used
  report.json, MODEL_CARD.md, curves.png, confusion.png, mistakes.png    (written at the end)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lenet.errors import InputError
from lenet.files import write_atomically
from lenet.models.weights import MODEL
from lenet.records import from_dict
from lenet.training.recipe import Recipe

RUNS = Path("runs")
RECIPE = "recipe.json"


@dataclass(frozen=True)
class Run:
    """A run folder that exists."""

    path: Path

    @classmethod
    def create(cls, path: Path | None, recipe: Recipe, name: str = "recipe", **how: str | None) -> Run:
        """Make the folder `path` (None: the first `runs/<name>-<n>`) for a new run by the recipe called `name`.

        `how` else it was asked for (engine, device, data_dir) is kept beside the recipe. Raises `InputError` when there
        is something at `path` already.
        """
        run = cls(_claim(path) if path else _claim_next(name))
        run.write_json(RECIPE, {"name": name, "recipe": asdict(recipe), "how": how})
        return run

    @classmethod
    def open(cls, path: Path) -> Run:
        """The run in the folder `path`. Raises `InputError` when it is not a run folder."""
        if not (path / RECIPE).is_file():
            raise InputError(f"{path}: not a run folder, it has no {RECIPE} (lenet train makes one, in {RUNS}/)")
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

    def recipe(self) -> Recipe:
        """The recipe that this run follows. Raises `InputError` when recipe.json is damaged."""
        return from_dict(Recipe, self._asked()["recipe"], source=str(self.path / RECIPE))

    def recipe_name(self) -> str:
        """What that recipe is called."""
        return str(self._asked()["name"])

    def how(self) -> dict[str, str | None]:
        """What else was asked for when the run began."""
        return dict(self._asked()["how"])

    def _asked(self) -> dict[str, Any]:
        path = self.path / RECIPE
        try:
            asked = json.loads(path.read_text(encoding="utf-8"))
            return {key: asked[key] for key in ("name", "recipe", "how")}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not a readable recipe ({error})") from error

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        self.write(name, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, name: str, text: str) -> None:
        write_atomically(self.path / name, text.encode())


def _claim(path: Path) -> Path:
    """Make the folder `path`, or take it if it is empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path}: there is something already, and nothing is overwritten; name a new folder")
    path.mkdir(parents=True, exist_ok=True)
    return path


def _claim_next(name: str) -> Path:
    """Make the first `runs/<name>-<n>` that is not there; no two trainings started at once get the same."""
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
