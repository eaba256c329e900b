"""The plot of reproduce/tutorials.py: our seeds beside the figures that the tutorials print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet, save

GLUON = {"train_loss": 0.166341, "test_accuracy": 91.12}  # printed by the tutorial after its "100 epochs"
PYTORCH = {"tutorial-pytorch-relu": 88.27, "tutorial-pytorch-sigmoid": 10.63}  # its epoch's training accuracy


def plot(results: dict[str, Any], path: Path) -> None:
    """Draw the Gluon tutorial epoch by epoch (left, middle), and the PyTorch tutorial's one epoch by step (right)."""
    fig = figure(12, 3.8)
    loss, accuracy, steps = fig.subplots(1, 3)
    _by_epoch(loss, results, "train_loss", "Gluon tutorial: training loss", "nats")
    _by_epoch(accuracy, results, "test_accuracy", "Gluon tutorial: test accuracy", "%")
    accuracy.set_ylim(84, 92.5)
    loss.set_ylim(0, 0.6)
    _by_step(steps, results)
    save(fig, path)


def _by_epoch(axes: Axes, results: dict[str, Any], name: str, title: str, y: str) -> None:
    quiet(axes, title=title, x="epoch", y=y)
    runs = [run[name] for run in results.get("tutorial-gluon", {}).values()]
    if not runs:
        return
    curves = np.array([run[: min(map(len, runs))] for run in runs])  # one run may have come farther than another
    epochs = np.arange(1, curves.shape[1] + 1)
    axes.plot(epochs, curves.T, color=BLUE, alpha=0.25, linewidth=0.8)
    axes.plot(epochs, curves.mean(0), color=BLUE, linewidth=1.6, label=f"ours, mean of {len(curves)} seeds")
    axes.axhline(GLUON[name], color=ORANGE, linewidth=1.2, linestyle="--", label=f"the tutorial prints {GLUON[name]:g}")
    axes.axvline(100, color=GREY, linewidth=0.8, linestyle=":")
    axes.legend(frameon=False, fontsize=8)


def _by_step(axes: Axes, results: dict[str, Any]) -> None:
    quiet(axes, title="PyTorch tutorial: its one epoch", x="step", y="training accuracy (%)")
    for name, colour, label in (
        ("tutorial-pytorch-relu", BLUE, "ReLU"),
        ("tutorial-pytorch-sigmoid", INK, "logistic function"),
    ):
        runs = results.get(name, {}).values()
        curves = np.array([[point["accuracy"] for point in run["every_100_steps"]] for run in runs])
        if not len(curves):
            continue
        at = 100 * np.arange(1, curves.shape[1] + 1)
        axes.plot(at, curves.T, color=colour, alpha=0.25, linewidth=0.8)
        axes.plot(at, curves.mean(0), color=colour, linewidth=1.6, label=f"{label}, mean of {len(curves)} seeds")
        axes.axhline(PYTORCH[name], color=ORANGE, linewidth=1.2, linestyle="--")
        axes.text(
            at[-1], PYTORCH[name] + 1.5, f"over the epoch {PYTORCH[name]:g}", ha="right", fontsize=8, color=ORANGE
        )
    axes.set_ylim(0, 102)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8, loc="center right")
