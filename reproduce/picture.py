"""The picture on the README's first screen: what training on the embedded digits shows.

    python -m reproduce.picture

Trains the `digits` recipe (half a minute) and writes docs/results/digits.png: the test pictures with the network's
answers, the misses marked, beside the learning curves.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from lenet.data import Dataset, load_dataset
from lenet.see.plots import error_curve, loss_curve
from lenet.see.style import INK, ORANGE, figure, save
from lenet.training.evaluate import Evaluation, evaluate
from lenet.training.fit import Training, hold_out
from lenet.training.recipes import RECIPES
from reproduce.common import RESULTS

ROWS, COLUMNS = 6, 10


def main() -> None:
    recipe = RECIPES["digits"]
    dataset = hold_out(recipe, load_dataset(recipe.data))
    training = Training(recipe, dataset)
    for _ in training.epochs(lambda: False):
        pass
    result = evaluate(training.kept_network(), dataset.test)
    made = figure(11, 3.9)
    digits, loss, error = made.subplots(1, 3, width_ratios=[1.5, 1, 1])
    _digits(digits, dataset, result)
    loss_curve(loss, training.progress.history)
    error_curve(error, training.progress.history)
    save(made, RESULTS / "digits.png")


def _digits(axes: Axes, dataset: Dataset, result: Evaluation) -> None:
    """The misses and the first of the others, each with the answer under it."""
    wrong = np.flatnonzero(result.answers != result.labels)
    right = np.flatnonzero(result.answers == result.labels)
    shown = np.concatenate([right, wrong])[-ROWS * COLUMNS :]
    side = dataset.picture_size[0]
    sheet = np.full((ROWS * (side + 10), COLUMNS * side), 0, np.uint8)
    for place, picture in enumerate(shown):
        top, left = place // COLUMNS * (side + 10), place % COLUMNS * side
        sheet[top : top + side, left : left + side] = dataset.test.images[picture, 0]
        missed = result.answers[picture] != result.labels[picture]
        axes.text(
            left + side / 2, top + side + 4, dataset.classes[result.answers[picture]], ha="center", va="center",
            fontsize=7, color=ORANGE if missed else INK, fontweight="bold" if missed else "normal",
        )  # fmt: skip
    axes.imshow(sheet, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(
        f"{result.misses} of {result.count} test digits missed (in orange)", loc="left", fontsize=10, color=INK
    )


if __name__ == "__main__":
    main()
