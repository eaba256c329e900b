"""The report of a finished run: scores, pictures and the model's card, in its run folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lenet.data import Dataset
from lenet.engines.losses import make_loss
from lenet.models.network import Network
from lenet.see.plots import confusion, curves, mistakes
from lenet.see.style import save
from lenet.training.epoch import Record
from lenet.training.evaluate import Evaluation, evaluate
from lenet.training.recipe import Recipe
from lenet.training.run import Run


def write_report(
    run: Run, recipe: Recipe, dataset: Dataset, network: Network, history: Sequence[Record], about: dict[str, Any]
) -> dict[str, Any]:
    """Read the test set, once, and write what the run gave; the content of report.json is returned.

    `train` are the scores of the last epoch, counted as the network learned; `validation` (None without a held-out
    part) and `test` are the kept network's. Their losses are the recipe's. `about` (engine, device and so on) goes in
    with them. report.json is written last: where it is, the run is finished.
    """
    loss = make_loss(recipe.method)
    tested = evaluate(network, dataset.test, loss=loss)
    validation = evaluate(network, dataset.validation, loss=loss) if dataset.validation else None
    seconds = sum(record.seconds for record in history)
    report = {
        **about,
        "run": str(run.path),
        "epochs": len(history),
        "seconds": round(seconds, 3),
        "images_per_second": round(sum(record.train.count for record in history) / seconds, 1),
        "train": history[-1].train.as_dict(),
        "validation": validation and validation.as_dict(),
        "test": tested.as_dict(),
    }
    save(curves(history), run.path / "curves.png")
    save(confusion(tested, network.classes), run.path / "confusion.png")
    save(mistakes(tested, dataset.test, network.classes), run.path / "mistakes.png")
    run.write("MODEL_CARD.md", _card(recipe, dataset, network, tested, report))
    run.write_json("report.json", report)
    return report


def _card(recipe: Recipe, dataset: Dataset, network: Network, tested: Evaluation, report: dict[str, Any]) -> str:
    parameters = sum(layer.parameter_count for layer in network.layers.values())
    per_class = "\n".join(
        f"| {name.replace('|', '&#124;')} | {row.sum():,} | {row.sum() - row[place]:,} |"
        for place, (name, row) in enumerate(zip(network.classes, tested.confusion(), strict=True))
    )
    return f"""# A LeNet trained on {dataset.name}

| | |
|---|---|
| test error | **{tested.error:.2f} %**, {tested.misses:,} misses of {tested.count:,} |
| network | {", ".join(network.layers)}: {parameters:,} trainable parameters |
| input | {network.channels} x {recipe.network.input_size} x {recipe.network.input_size}, from pictures of \
{network.picture_size[0]}x{network.picture_size[1]} (`{recipe.preparation.fit}`), light on dark |
| trained | {report["epochs"]} epochs on {len(dataset.train):,} pictures, seed {recipe.seed}, \
{report["seconds"]:.0f} s on {report["device"]} ({report["engine"]} engine) |
| kept | the {recipe.keep} epoch; the test pictures were read once, after training |

It gives every picture one of its {len(network.classes)} classes, also a picture of something else. It has seen only
pictures like those of its data set: centred, of one size, light on dark.

## Test pictures and misses by class

| class | pictures | misses |
|---|---|---|
{per_class}

Use it: `lenet predict {report["run"]} PICTURE`. Pictures: `curves.png`, `confusion.png`, `mistakes.png`.
"""
