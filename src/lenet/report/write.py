"""Write the report of a finished run into its folder."""

from __future__ import annotations

from typing import Any

from lenet.engines.losses import make_loss
from lenet.inference.evaluate import evaluate
from lenet.report.card import model_card
from lenet.report.plots import confusion, curves, mistakes
from lenet.see.style import save
from lenet.training.fit import Training
from lenet.training.run import Run


def write_report(run: Run, training: Training) -> dict[str, Any]:
    """Read the test set once, write the report of the finished `training` to `run`, and return what report.json holds.

    Its key `train` holds the score of the last epoch, measured during training. `validation` (None if no pictures were
    held out) and `test` hold the scores of the kept network. All use the recipe's loss. report.json is written last, so
    it marks a finished run. Raises `OSError` when a file cannot be written.
    """
    dataset, network, history = training.dataset, training.kept_network(), training.progress.history
    loss = make_loss(training.recipe.method)
    tested = evaluate(network, dataset.test, loss=loss)
    validation = evaluate(network, dataset.validation, loss=loss) if dataset.validation else None
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
    classes = network.spec.classes
    save(curves(history), run.path / "curves.png")
    save(confusion(tested, classes), run.path / "confusion.png")
    save(mistakes(tested, dataset.test, classes), run.path / "mistakes.png")
    run.write("MODEL_CARD.md", model_card(training.recipe, dataset, network.spec, tested, report))
    run.write_json("report.json", report)
    return report
