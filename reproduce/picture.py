"""The plot on the README's first screen: what training on the embedded digits shows.

    python -m reproduce.picture

The command trains the `digits` recipe (half a minute) and writes docs/results/digits.png. It shows test pictures with
the network's predictions, the misses marked, beside the learning curves.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from lenet.data import Dataset
from lenet.inference.evaluate import Evaluation, evaluate
from lenet.report.plots import error_curve, loss_curve
from lenet.see.style import INK, ORANGE, figure, save
from lenet.training.data import load_training_data
from lenet.training.fit import Training
from lenet.training.recipes import RECIPES
from reproduce.results import RESULTS

ROWS, COLUMNS = 6, 10


def main() -> None:
    recipe = RECIPES["digits"]
    dataset = load_training_data(recipe)
    training = Training(recipe, dataset)
    for _ in training.epochs(lambda: False):
        pass
    result = evaluate(training.kept_network(), dataset.test)
    fig = figure(11, 3.9)
    digits, loss, error = fig.subplots(1, 3, width_ratios=[1.5, 1, 1])
    _digits(digits, dataset, result)
    loss_curve(loss, training.progress.history)
    error_curve(error, training.progress.history)
    save(fig, RESULTS / "digits.png")


def _digits(axes: Axes, dataset: Dataset, result: Evaluation) -> None:
    """Draw the last pictures that are read rightly, then the misses, each with its prediction below."""
    wrong = np.flatnonzero(result.predictions != result.labels)
    right = np.flatnonzero(result.predictions == result.labels)
    shown = np.concatenate([right, wrong])[-ROWS * COLUMNS :]
    side = dataset.picture_size[0]
    sheet = np.full((ROWS * (side + 10), COLUMNS * side), 0, np.uint8)
    for place, picture in enumerate(shown):
        top, left = place // COLUMNS * (side + 10), place % COLUMNS * side
        sheet[top : top + side, left : left + side] = dataset.test.pictures[picture, 0]
        missed = result.predictions[picture] != result.labels[picture]
        axes.text(
            left + side / 2, top + side + 4, dataset.classes[result.predictions[picture]], ha="center", va="center",
            fontsize=7, color=ORANGE if missed else INK, fontweight="bold" if missed else "normal",
        )  # fmt: skip
    axes.imshow(sheet, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(
        f"{result.misses} of {result.count} test digits missed (in orange)", loc="left", fontsize=10, color=INK
    )


if __name__ == "__main__":
    main()
