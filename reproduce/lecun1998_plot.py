"""The plots of reproduce/lecun1998.py: our seeds beside the paper's Fig. 5, 6 and 8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lenet.data import load_dataset
from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet, save
from reproduce.lecun1998_measure import FIG8, SHARES

FIG5 = {  # percent after each pass, read off Fig. 5 to within 0.03
    "test_error": (
        2.65, 2.24, 1.48, 1.43, 1.43, 1.09, 1.04, 1.07, 0.99, 0.96,
        0.96, 0.99, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96, 0.96,
    ),
    "train_error": (
        4.89, 3.04, 1.77, 1.48, 1.22, 0.91, 0.78, 0.70, 0.57, 0.49,
        0.47, 0.44, 0.41, 0.39, 0.39, 0.39, 0.39, 0.36, 0.36, 0.36,
    ),
}  # fmt: skip
SIZES = {"15000": 15, "30000": 30, "seeds": 60}  # part: thousand pictures
REJECTING = {"seeds": "lecun1998", "distorted": "lecun1998-distorted", "beyond": "lecun1998-beyond"}
COLUMNS = 14  # digits in a row of Fig. 8


def plot(results: dict[str, Any], folder: Path) -> None:
    """Draw lecun1998.png and lecun1998-fig8.png into `folder`, with the parts that have results."""
    if "seeds" not in results:
        return
    fig = figure(9.5, 7.2)
    (test, train), (sizes, rejecting) = fig.subplots(2, 2)
    runs = results["seeds"]["seeds"]
    _by_pass(test, runs, "test_error", "LeNet-5 of 1998: test error")
    _by_pass(train, runs, "train_error", "LeNet-5 of 1998: training error, as it learns")
    _by_size(sizes, results)
    _by_rejection(rejecting, results)
    save(fig, folder / "lecun1998.png")
    _fig8(results.get("distorted", results["seeds"]), folder / "lecun1998-fig8.png")


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


def _by_size(axes: Axes, results: dict[str, Any]) -> None:
    """Draw Fig. 6: the test error from 15,000, 30,000 and 60,000 pictures, and from 60,000 with distortions."""
    quiet(axes, title="Test error by training pictures", x="thousand training pictures", y="%")
    there = {part: size for part, size in SIZES.items() if part in results}
    _errors(axes, results, there, "o", "-")
    if "distorted" in results:
        _errors(axes, results, {"distorted": 60}, "D", "none", " with distortions")
    if "beyond" in results:
        found = results["beyond"]
        axes.errorbar(
            [60], [found["test_error_mean"]], [found["test_error_sd"]],
            color=GREY, marker="*", linestyle="none", capsize=3, label="ours, lecun1998-beyond",
        )  # fmt: skip
    axes.set(ylim=(0, None), xlim=(8, 68), xticks=[15, 30, 45, 60])
    axes.legend(frameon=False, fontsize=8)


def _errors(axes: Axes, results: dict[str, Any], parts: dict[str, int], marker: str, line: str, of: str = "") -> None:
    found = [results[part] for part in parts]
    means, spreads = ([each[f"test_error_{name}"] for each in found] for name in ("mean", "sd"))
    sizes = np.array(list(parts.values()))
    axes.errorbar(
        sizes, means, spreads, marker=marker, markersize=4, linestyle=line, capsize=3, color=BLUE, label=f"ours{of}"
    )
    published = [each["paper"]["test_error"] for each in found]
    axes.plot(sizes, published, marker=marker, markersize=4, linestyle=line, color=ORANGE, label=f"the paper{of}")


def _by_rejection(axes: Axes, results: dict[str, Any]) -> None:
    """Draw the error on the pictures that are left; the paper rejects pictures until it is 0.5 %."""
    quiet(axes, title="Error on the rest, when the least sure are rejected", x="% of the test pictures rejected", y="%")
    for (part, name), colour in zip(REJECTING.items(), (BLUE, ORANGE, GREY), strict=True):
        if part in results:
            errors = np.array([run["rest_error"] for run in results[part]["seeds"]])
            axes.plot(SHARES, errors.mean(0), color=colour, linewidth=1.6, label=name)
            axes.fill_between(SHARES, errors.min(0), errors.max(0), color=colour, alpha=0.15, linewidth=0)
    axes.axhline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.set(ylim=(0, None), xlim=(0, SHARES[-1]))
    axes.legend(frameon=False, fontsize=8)


def _fig8(found: dict[str, Any], path: Path) -> None:
    """Draw each of the 82 digits with its class, the paper's prediction, and the number of our seeds that miss it."""
    pictures, seeds = load_dataset("mnist").test.pictures, len(found["seeds"])
    rows = -(-len(FIG8) // COLUMNS)
    fig = figure(0.68 * COLUMNS, 0.92 * rows)
    grid = fig.subplots(rows, COLUMNS)
    for axes in grid.flat:
        axes.axis("off")
    for axes, (picture, label, predicted) in zip(grid.flat, FIG8, strict=False):
        missed = sum(picture in run["fig8_missed"] for run in found["seeds"])
        axes.imshow(pictures[picture, 0], cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{label}→{predicted}  {missed}/{seeds}", fontsize=6, color=ORANGE if missed else BLUE, pad=2)
    save(fig, path)
