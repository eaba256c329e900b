"""The three plots of the report: the learning curves, the confusion matrix and the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet
from lenet.training.epoch import EpochSummary

ACROSS = 8  # mistakes in a row of the gallery


def curves(history: Sequence[dict[str, Any]]) -> Figure:
    """Return a figure of the loss and the error rate of every epoch, for training and any validation.

    `history` holds for each epoch what `EpochSummary.as_dict` returns.
    """
    epochs = [EpochSummary.from_dict(values) for values in history]
    fig = figure(9, 3.4)
    loss, error = fig.subplots(1, 2)
    loss_curve(loss, epochs)
    error_curve(error, epochs)
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
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(bottom=0)


def confusion(matrix: ArrayLike, classes: Sequence[str]) -> Figure:
    """Return a figure of the confusion `matrix`: true classes as rows, predictions as columns.

    `classes` are the names on both axes. Only the misses are coloured. If there are at most 30 classes, all counts
    except zeros are written.
    """
    counts = np.asarray(matrix, np.int64)
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


def mistakes(worst: Sequence[dict[str, Any]], misses: int) -> Figure:
    """Return a figure of the `worst` of all `misses`, in order.

    Each of the worst has the `picture` `(C, H, W)`, levels from 0 to 255, its `place` in the split, the names of its
    class (`truth`) and of the `prediction`, which are cut if they are long, and the `confidence`, from 0 to 1.
    """
    rows = max(1, ceil(len(worst) / ACROSS))
    fig = figure(ACROSS * 1.1, rows * 1.45 + 0.4)
    fig.suptitle(
        f"{len(worst)} of {misses:,} misses, the most confident first: truth → prediction" if misses else "No misses",
        x=0.01, ha="left", fontsize=10, color=INK,
    )  # fmt: skip
    axes = fig.add_subplot()
    axes.set_axis_off()
    pictures = [_in_colours(np.asarray(miss["picture"], np.uint8)) for miss in worst]
    height, width = pictures[0].shape[:2] if pictures else (1, 1)
    side = max(height, width)  # each picture stands in a square, at the bottom, with room for its title above
    high, wide = side + ceil(2 * side / 5), side + ceil(side / 10)
    sheet = np.full((rows * high, ACROSS * wide, 3), 255, np.uint8)  # drawing one picture is faster than forty
    for number, (miss, picture) in enumerate(zip(worst, pictures, strict=True)):
        bottom, left = high * (number // ACROSS + 1), wide * (number % ACROSS) + (side - width) // 2
        sheet[bottom - height : bottom, left : left + width] = picture
        classes = f"{_short(miss['truth'])} → {_short(miss['prediction'])}"
        title = f"{classes}\n#{miss['place']}  {100 * miss['confidence']:.0f} %"
        middle: dict[str, Any] = {"ha": "center", "va": "bottom", "parse_math": False}  # a class may be called $x$
        above = axes.text(left + width / 2, bottom - height - 0.03 * side, title, fontsize=6.5, color=INK, **middle)
        above.set_in_layout(False)
    axes.imshow(sheet, extent=(0, ACROSS * wide, rows * high, 0), interpolation="nearest")  # a pixel stays a pixel
    return fig


def _in_colours(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `picture` `(C, H, W)` in colours, `(H, W, 3)`.

    Three channels are colours already. Any other number of channels is averaged to grey levels, dark where they are
    high.
    """
    if len(picture) == 3:
        return np.moveaxis(picture, 0, -1)
    grey = 255 - picture.mean(0).round().astype(np.uint8)
    return np.stack([grey] * 3, -1)


def _short(name: str) -> str:
    return name if len(name) <= 9 else f"{name[:8]}…"
