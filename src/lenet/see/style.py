"""The look of every plot: quiet axes, two colours that colour-blind people can tell apart, and PNG files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lenet.files import write_atomically

INK, BLUE, ORANGE, GREY = "#222222", "#1f6f9f", "#d9731a", "#8a8a8a"
DPI = 150


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of `width` x `height` inches, outside pyplot's global state."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def quiet(axes: Axes, *, title: str = "", x: str = "", y: str = "") -> Axes:
    """Give `axes` the look that the plots share, set `title` and the axis labels `x` and `y`, and return `axes`.

    The top and right spines are removed, and light horizontal grid lines are added.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    return axes


def save(made: Figure, path: Path) -> None:
    """Write the figure `made` to `path` as PNG, whole or not at all; a letter that the font lacks becomes a box.

    Raises `OSError` when the file cannot be written.
    """
    canvas = FigureCanvasAgg(made)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        canvas.draw()  # type: ignore[no-untyped-call]  # once, where `Figure.savefig` draws twice
    levels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    save_image(Image.fromarray(levels).convert("RGB"), path)


def save_image(image: Image.Image, path: Path) -> None:
    """Write `image` to `path` as PNG, whole or not at all. Raises `OSError` when the file cannot be written."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(DPI, DPI))
    write_atomically(path, buffer.getvalue())
