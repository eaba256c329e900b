"""One look for every plot: quiet axes, two colours that the colour-blind can tell apart, and figures saved as files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lenet.files import write_atomically

INK, BLUE, ORANGE, GREY = "#222222", "#1f6f9f", "#d9731a", "#8a8a8a"
DPI = 150


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of `width` x `height` inches, outside pyplot's global state."""
    made = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(made)
    return made


def quiet(axes: Axes, *, title: str = "", x: str = "", y: str = "") -> Axes:
    """Strip `axes` of everything without meaning, label them with `title`, `x` and `y`, and return them."""
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
    """Write the figure `made` to `path` as PNG, whole or not at all; a letter that the font lacks becomes a box."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        made.savefig(buffer, format="png")
    write_atomically(path, buffer.getvalue())
