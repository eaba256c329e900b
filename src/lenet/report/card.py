"""The model card: the network, its training and its score, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lenet.data import Dataset
from lenet.inference.evaluate import Evaluation
from lenet.models.spec import Spec
from lenet.training.recipe import Recipe


def model_card(recipe: Recipe, dataset: Dataset, spec: Spec, tested: Evaluation, report: Mapping[str, Any]) -> str:
    """Return the model card as Markdown.

    `recipe` and `dataset` are those of the training, `spec` describes the network, `tested` is its evaluation on the
    test split, and `report` is the content of report.json.
    """
    per_class = "\n".join(
        f"| {name.replace('|', '&#124;')} | {row.sum():,} | {row.sum() - row[place]:,} |"
        for place, (name, row) in enumerate(zip(spec.classes, tested.confusion(), strict=True))
    )
    return f"""# A LeNet trained on {dataset.name}

| | |
|---|---|
| test error | **{tested.error:.2f} %**, {tested.misses:,} misses of {tested.count:,} |
| network | {", ".join(layer.name for layer in spec.layers)}: {spec.parameter_count:,} trainable parameters |
| input | {spec.channels} x {spec.architecture.input_size} x {spec.architecture.input_size}, from pictures of \
{spec.picture_size[0]}x{spec.picture_size[1]} (`{spec.preparation.fit}`), light on dark |
| trained | {report["epochs"]} epochs on {len(dataset.train):,} pictures, seed {recipe.seed}, \
{report["seconds"]:.0f} s on {report["device"]} ({report["engine"]} engine) |
| kept | the {recipe.keep} epoch; the test pictures were read once, after training |

It gives every picture one of its {len(spec.classes)} classes, also a picture of something else. It has seen only
pictures like those of its data set: centred, of one size, light on dark.

## Test pictures and misses by class

| class | pictures | misses |
|---|---|---|
{per_class}

Use it: `lenet predict {report["run"]} PICTURE`. Plots: `curves.png`, `confusion.png`, `mistakes.png`.
"""
