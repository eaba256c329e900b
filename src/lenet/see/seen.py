"""What a network saw: each picture beside the input that was made of it, with the certainty of every class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from lenet.see.style import BLUE, GREY, INK, figure, quiet

ACROSS = 3  # pictures in a row
THUMBNAIL = 240  # pixels on the longer side of an original


class Answer(Protocol):
    """An answer about a `picture`: what was `seen` `(H, W)`, the `probabilities` of the classes, and the `label`."""

    @property
    def picture(self) -> str: ...
    @property
    def seen(self) -> NDArray[np.uint8]: ...
    @property
    def probabilities(self) -> NDArray[np.float32]: ...
    @property
    def label(self) -> str | None: ...
    @property
    def sure(self) -> bool: ...


def seen(originals: Iterable[Image.Image], answers: Sequence[Answer], classes: Sequence[str]) -> Figure:
    """Return a figure with each of the `originals`, what the network saw of it, and its `answers`.

    No more than one of the originals is held at a time.
    `classes` are the names of the classes, in the order of the probabilities.
    """
    rows = max(1, -(-len(answers) // ACROSS))
    fig = figure(3.6 * ACROSS, 1.5 * rows)
    grid = fig.subplots(rows, 3 * ACROSS, squeeze=False, width_ratios=[1, 1, 1.2] * ACROSS)
    for axes in grid.flat[3 * len(answers) :]:
        axes.set_axis_off()
    for place, (original, answer) in enumerate(zip(originals, answers, strict=True)):
        first, second, third = grid.flat[3 * place : 3 * place + 3]
        _image(first, np.asarray(_thumbnail(original)), _short(answer.picture))
        _image(second, 255 - answer.seen, "seen")
        _bars(third, answer, classes)
    return fig


def _thumbnail(original: Image.Image) -> Image.Image:
    small = original.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small


def _image(axes: Axes, levels: NDArray[np.uint8], title: str) -> None:
    axes.imshow(levels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, fontsize=7, color=INK, parse_math=False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("#d0d0d0")


def _bars(axes: Axes, answer: Answer, classes: Sequence[str]) -> None:
    """Draw a bar for the certainty of each class, the highest in blue, or in grey if the answer is not sure."""
    best = int(answer.probabilities.argmax())
    colours = [(BLUE if answer.sure else GREY) if place == best else "#c8d8e2" for place in range(len(classes))]
    said = answer.label if answer.label is not None else "no digit"
    quiet(axes, title=said if answer.sure else f"{said}?")
    axes.bar(range(len(classes)), 100 * answer.probabilities, color=colours)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100], ["0", "50", "100 %"], fontsize=6)
    axes.set_xticks(range(len(classes)), [name[:2] for name in classes], fontsize=6, parse_math=False)


def _short(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return name if len(name) <= 16 else f"{name[:15]}…"
