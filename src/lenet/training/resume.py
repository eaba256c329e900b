"""Resume a run from its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lenet.data import Dataset
from lenet.data.download import Progress
from lenet.training.data import hold_out, load_training_data
from lenet.training.epoch import Epoch
from lenet.training.fit import Training
from lenet.training.run import Run


def resume(
    folder: Path | str,
    *,
    dataset: Dataset | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Epoch]:
    """Resume the run in `folder` exactly where it stopped: return a generator of its remaining epochs, like `fit`.

    The run goes on with its recipe, its engine, its device and its folder of data files. `dataset` replaces the one
    that the recipe names; `progress` shows a download; `stop` is as in `fit`. Raises `InputError` when the folder holds
    no run, or one that is finished, damaged, or of other data.
    """
    run = Run.open(Path(folder))
    run.check_unfinished()
    asked = run.settings
    data = hold_out(asked.recipe, dataset) if dataset else load_training_data(asked.recipe, asked.data_dir, progress)
    training = Training(asked.recipe, data, engine=asked.engine, device=asked.device)
    training.resume(run)
    return training.epochs(stop)
