"""The plot of docs/lenet-1998.md that needs no training: the parts of the network of 1998.

    python -m reproduce.lecun1998_page

The command writes docs/results/lenet5-1998.png. It shows Table I, the ten codes, the squashing function, and the
layers' numbers of parameters and connections.
"""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes

from lenet.models.codes import CODES
from lenet.models.modules import scaled_tanh
from lenet.models.tables import TABLES
from lenet.models.zoo import specify
from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet, save
from reproduce.results import RESULTS

CODE_HEIGHT, CODE_WIDTH = 12, 7


def main() -> None:
    fig = figure(10, 6.4)
    (table, codes), (squashing, counts) = fig.subplots(2, 2, width_ratios=[1, 1.25])
    _table(table)
    _codes(codes)
    _squashing(squashing)
    _counts(counts)
    save(fig, RESULTS / "lenet5-1998.png")


def _table(axes: Axes) -> None:
    """Draw the connections of each map of C3 to the maps of S2."""
    table = np.array(TABLES["lenet5-1998"]).T
    axes.pcolormesh(table, cmap="Blues", vmin=0, vmax=1.4, edgecolors="white", linewidth=1.5)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_xticks(np.arange(16) + 0.5, [str(column) for column in range(16)])
    axes.set_yticks(np.arange(6) + 0.5, [str(row) for row in range(6)])
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    axes.set_title("Table I: 60 of 96 pairs of maps are connected", loc="left", fontsize=10, color=INK)
    axes.set_xlabel("map of c3", fontsize=9)
    axes.set_ylabel("map of s2", fontsize=9)


def _codes(axes: Axes) -> None:
    """Draw the 84 outputs of F6 that would be a perfect answer, as 7x12 pictures."""
    sheet = np.full((2 * CODE_HEIGHT + 2, 5 * (CODE_WIDTH + 2)), -1)
    for digit, code in enumerate(CODES):
        top, left = digit // 5 * (CODE_HEIGHT + 2), 1 + digit % 5 * (CODE_WIDTH + 2)
        sheet[top : top + CODE_HEIGHT, left : left + CODE_WIDTH] = np.reshape(code, (CODE_HEIGHT, CODE_WIDTH))
    axes.imshow(sheet, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title("Fig. 3: the codes of the ten digits, +1 black, -1 white", loc="left", fontsize=10, color=INK)


def _squashing(axes: Axes) -> None:
    """Draw the squashing function and its first two derivatives."""
    quiet(axes, title="f(a) = 1.7159 tanh(2/3 a); dots: the targets", x="a")
    a = torch.linspace(-4, 4, 401, requires_grad=True)
    f = scaled_tanh(a)
    (slope,) = torch.autograd.grad(f.sum(), a, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), a)
    for values, colour, name in ((f, BLUE, "f"), (slope, ORANGE, "f′"), (bend, GREY, "f″")):
        axes.plot(a.detach(), values.detach(), color=colour, linewidth=1.6, label=name)
    axes.plot([-1, 1], [-1, 1], linestyle="none", marker="o", markersize=4, color=INK)
    axes.legend(frameon=False, fontsize=8)


def _counts(axes: Axes) -> None:
    """Draw the counts: most parameters are in C5, most connections in C1 and C3, whose maps share their weights."""
    quiet(axes, title="60,000 parameters, 340,908 connections", y="")
    layers = specify("lenet5-1998").layers
    places = np.arange(len(layers))
    columns = (
        ("parameters", [layer.parameter_count for layer in layers], BLUE, -0.23),
        ("connections", [layer.connections for layer in layers], ORANGE, 0.23),
    )
    for name, numbers, colour, aside in columns:
        axes.bar(places + aside, numbers, width=0.42, color=colour, label=name)
        for place, number in zip(places, numbers, strict=True):
            axes.text(place + aside, max(number, 1) * 1.15, f"{number:,}", ha="center", fontsize=5, color=INK)
    axes.set_yscale("log")
    axes.set_ylim(1, 1e6)
    axes.set_xticks(places, [layer.name for layer in layers])
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)


if __name__ == "__main__":
    main()
