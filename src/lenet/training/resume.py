"""Resume a run from its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lenet.data import Dataset
from lenet.data.download import Progress
from lenet.training.epoch import Epoch
from lenet.training.fit import fit
from lenet.training.run import Run


def resume(
    folder: Path | str,
    *,
    dataset: Dataset | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Epoch]:
    """Resume the run in `folder` from its last saved state: return a generator of the remaining epochs, like `fit`.

    A run without a state is begun. The run goes on with its recipe, its engine, its device and its folder of data
    files. `dataset` replaces the one that the recipe names; `progress` and `stop` are as in `fit`. Raises `InputError`
    when `folder` holds no run, and otherwise as `fit` does.
    """
    run = Run.open(Path(folder))
    run.check_unfinished()
    return fit(run.settings.recipe, dataset=dataset, run=run, stop=stop, progress=progress)
