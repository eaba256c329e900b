"""Write the report of a finished run into its folder."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from lenet.data import Split
from lenet.inference.evaluate import Evaluation
from lenet.report.card import model_card
from lenet.report.draw import Draw, draw
from lenet.training.fit import Training
from lenet.training.run import Run

SHOWN = 40  # the most misses in mistakes.png
SIDE = 128  # the most pixels of a side there; of larger pictures, rows and columns are left out


def write_report(run: Run, training: Training, drawing: AbstractContextManager[Draw] | None = None) -> dict[str, Any]:
    """Read the test set once, write the report of the finished `training` to `run`, and return what report.json holds.

    Its key `train` holds the score of the last epoch, measured during training. `validation` (None if no pictures were
    held out) and `test` hold the scores of the kept network. All use the recipe's loss. report.json is written last, so
    it marks a finished run. The plots are drawn by the function that `drawing` gives, by default by `draw`, and are
    there when `drawing` ends. Raises `OSError` when a file cannot be written.
    """
    dataset, network, history = training.dataset, training.kept_network(), training.progress.history
    with drawing or nullcontext(draw) as paint:
        paint(run.path / "curves.png", "curves", [epoch.as_dict() for epoch in history])
        tested, classes = training.evaluate(network, dataset.test), network.spec.classes
        paint(run.path / "mistakes.png", "mistakes", worst_misses(tested, dataset.test, classes), tested.misses)
        paint(run.path / "confusion.png", "confusion", tested.confusion().tolist(), classes)
    validation = training.kept_epoch.validation
    seconds = sum(epoch.seconds for epoch in history)
    report = {
        "recipe": run.settings.name,
        "engine": training.engine.name,
        "device": str(training.engine.device),
        "run": str(run.path),
        "epochs": len(history),
        "seconds": round(seconds, 3),
        "images_per_second": round(sum(epoch.train.count for epoch in history) / seconds, 1),
        "train": history[-1].train.as_dict(),
        "validation": validation and validation.as_dict(),
        "test": tested.as_dict(),
    }
    run.write("MODEL_CARD.md", model_card(training.recipe, dataset, network.spec, tested, report))
    run.write_json("report.json", report)
    return report


def worst_misses(tested: Evaluation, split: Split, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the most confident misses of `tested`, the evaluation on `split`, as `mistakes` takes them.

    `classes` are the names of the classes.
    """
    step = -(-max(split.pictures.shape[2:]) // SIDE)
    return [
        {
            "picture": split.pictures[place, :, ::step, ::step].tolist(),
            "place": int(place),
            "truth": classes[tested.labels[place]],
            "prediction": classes[tested.predictions[place]],
            "confidence": float(tested.probabilities[place].max()),
        }
        for place in tested.worst(SHOWN)
    ]
