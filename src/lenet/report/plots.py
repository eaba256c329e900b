"""The three plots of the report: the learning curves, the confusion matrix and the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lenet.data import Split
from lenet.inference.evaluate import Evaluation
from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet
from lenet.training.epoch import EpochSummary

ACROSS = 8  # mistakes in a row of the gallery
WIDE, HIGH = 1.1, 1.4  # the place of a picture and its title, in sides of the picture


def curves(history: Sequence[EpochSummary]) -> Figure:
    """Return a figure of the loss and the error rate of every epoch in `history`, for training and any validation."""
    fig = figure(9, 3.4)
    loss, error = fig.subplots(1, 2)
    loss_curve(loss, history)
    error_curve(error, history)
    return fig


def loss_curve(axes: Axes, history: Sequence[EpochSummary]) -> None:
    """Draw the training loss and any validation loss of every epoch in `history` on `axes`, with a legend."""
    _curve(quiet(axes, title="Loss", x="epoch", y="mean over the pictures"), history, "loss")
    axes.legend(frameon=False, fontsize=8)


def error_curve(axes: Axes, history: Sequence[EpochSummary]) -> None:
    """Draw the training error and any validation error, in percent, of every epoch in `history` on `axes`."""
    _curve(quiet(axes, title="Error rate", x="epoch", y="%"), history, "error")


def _curve(axes: Axes, history: Sequence[EpochSummary], name: str) -> None:
    held_out = [(epoch.epoch, epoch.validation) for epoch in history if epoch.validation]
    training = [(epoch.epoch, epoch.train) for epoch in history]
    for points, colour, label in (training, BLUE, "during training"), (held_out, ORANGE, "validation"):
        if points:
            heights = [getattr(score, name) for _, score in points]
            marker = "o" if len(points) < 40 else ""
            axes.plot([at for at, _ in points], heights, color=colour, marker=marker, markersize=3, label=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)


def confusion(evaluation: Evaluation, classes: Sequence[str]) -> Figure:
    """Return a figure of the confusion matrix of `evaluation`: true classes as rows, predictions as columns.

    `classes` are the names on both axes. Only the misses are coloured. If there are at most 30 classes, all counts
    except zeros are written.
    """
    counts = evaluation.confusion()
    mistakes = counts - np.diag(np.diag(counts))
    side = max(4.0, 0.42 * len(classes) + 1.6)
    fig = figure(side, side)
    axes = quiet(fig.add_subplot(), title=f"{mistakes.sum():,} misses of {counts.sum():,}", x="prediction", y="truth")
    axes.grid(visible=False)
    axes.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1, mistakes.max()))
    longest = max(len(name) for name in classes)
    axes.set_xticks(range(len(classes)), classes, rotation=90 if longest > 3 else 0, parse_math=False)
    axes.set_yticks(range(len(classes)), classes, parse_math=False)
    if len(classes) <= 30:
        _write_counts(axes, counts, mistakes.max())
    return fig


def _write_counts(axes: Axes, counts: NDArray[np.int64], most: int) -> None:
    for (truth, predicted), count in np.ndenumerate(counts):
        if count:
            dark = truth != predicted and count > 0.6 * most
            colour = GREY if truth == predicted else "white" if dark else INK
            text = axes.text(predicted, truth, str(count), ha="center", va="center", fontsize=7, color=colour)
            text.set_in_layout(False)  # it lies within the axes; to measure it takes time


def mistakes(evaluation: Evaluation, split: Split, classes: Sequence[str], most: int = 40) -> Figure:
    """Return a figure of up to `most` misses of `evaluation`, the most confident first.

    Above each picture are its true class, its prediction, its position in the evaluated `split`, and the confidence.
    `classes` are the names of the classes; long ones are cut.
    """
    worst = evaluation.worst(most)
    rows = max(1, ceil(len(worst) / ACROSS))
    fig = figure(ACROSS * 1.1, rows * 1.45 + 0.4)
    wrong = int((evaluation.predictions != evaluation.labels).sum())
    fig.suptitle(
        f"{len(worst)} of {wrong:,} misses, the most confident first: truth → prediction" if wrong else "No misses",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    axes = fig.add_subplot()  # one for all pictures: many axes take a second to lay out
    axes.set_axis_off()
    sharp: dict[str, Any] = {"interpolation": "nearest"}  # quick, and a pixel stays a pixel
    for number, place in enumerate(worst):
        left, top = WIDE * (number % ACROSS), HIGH * (number // ACROSS) + HIGH - 1
        axes.imshow(
            _shown(split.pictures[place]), cmap="gray_r", vmin=0, vmax=1, extent=(left, left + 1, top + 1, top), **sharp
        )
        truth, predicted = classes[split.labels[place]], classes[evaluation.predictions[place]]
        confidence = 100 * evaluation.probabilities[place].max()
        title = f"{_short(truth)} → {_short(predicted)}\n#{place}  {confidence:.0f} %"
        middle: dict[str, Any] = {"ha": "center", "va": "bottom", "parse_math": False}  # a class may be called $x$
        axes.text(left + 0.5, top - 0.03, title, fontsize=6.5, color=INK, **middle).set_in_layout(False)
    axes.set(xlim=(0, ACROSS * WIDE), ylim=(rows * HIGH, 0), aspect="equal")
    return fig


def _shown(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return `picture` `(C, H, W)` with levels from 0 to 1.

    Three channels become colours `(H, W, 3)`; any other number of channels is averaged to `(H, W)`.
    """
    levels: NDArray[np.float64] = np.moveaxis(picture, 0, -1) / 255
    return levels if len(picture) == 3 else levels.mean(2)


def _short(name: str) -> str:
    return name if len(name) <= 9 else f"{name[:8]}…"
