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

{_limits(spec)}

Its certainties have an expected calibration error of {100 * tested.calibration_error:.2f} % on the test pictures
(temperature {spec.calibration.temperature:g}). An answer of a certainty below {100 * spec.calibration.sure:.0f} % is
called not sure.

## Test pictures and misses by class

| class | pictures | misses |
|---|---|---|
{per_class}

Use it: `lenet predict {report["run"]} PICTURE`.
"""


def _limits(spec: Spec) -> str:
    """Return two sentences on what the network does with pictures unlike those that it learned from."""
    if spec.rubbish_class:
        first = f"A picture that shows none of the other classes is meant to get the class `{spec.rubbish_class}`."
    else:
        first = f"It gives every picture one of its {len(spec.classes)} classes, also a picture of something else."
    if spec.normalisation == "digit":
        return f"{first}\nThe digit is looked for in the picture, on paper of any colour, and centred; one at a time."
    return f"{first}\nIt has seen only pictures like those of its data set: framed alike, light on dark."
