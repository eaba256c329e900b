"""The picture of reproduce/lecun1998.py: our seeds beside Fig. 5 of the paper, error against passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lenet.see.style import BLUE, ORANGE, figure, quiet, save

FIG5 = {  # read off Fig. 5, percent after each pass; to 0.03
    "test_error": (
        2.65, 2.24, 1.48, 1.43, 1.43, 1.09, 1.04, 1.07, 0.99, 0.96,
        0.96, 0.99, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96,
    ),
    "train_error": (
        4.89, 3.04, 1.77, 1.48, 1.22, 0.91, 0.78, 0.70, 0.57, 0.49,
        0.47, 0.44, 0.41, 0.39, 0.39, 0.39, 0.39, 0.36, 0.36, 0.36,
    ),
}  # fmt: skip


def plot(runs: list[dict[str, Any]], path: Path) -> None:
    """Left the test error, right the training error, as it was met on the way."""
    made = figure(9.5, 3.8)
    test, train = made.subplots(1, 2)
    _by_pass(test, runs, "test_error", "LeNet-5 of 1998: test error")
    _by_pass(train, runs, "train_error", "LeNet-5 of 1998: training error, as it learns")
    save(made, path)


def _by_pass(axes: Axes, runs: list[dict[str, Any]], name: str, title: str) -> None:
    quiet(axes, title=title, x="pass over the 60,000", y="%")
    curves = np.array([run[name] for run in runs])
    passes = np.arange(1, curves.shape[1] + 1)
    axes.fill_between(passes, curves.min(0), curves.max(0), color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(passes, curves.mean(0), color=BLUE, linewidth=1.6, label=f"ours, mean and range of {len(curves)} seeds")
    theirs = FIG5[name]
    axes.plot(range(1, len(theirs) + 1), theirs, color=ORANGE, linewidth=1.2, marker="o", markersize=3, label="Fig. 5")
    axes.set_ylim(0)
    axes.set_xticks(range(0, len(theirs) + 1, 5))
    axes.legend(frameon=False, fontsize=8)
