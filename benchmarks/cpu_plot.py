"""The plot of benchmarks/cpu.py: images a second by system, and by the size of the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from lenet.see.style import BLUE, GREY, INK, ORANGE, figure, quiet, save

COLOURS = {"lenet": BLUE, "PyTorch": ORANGE}


def plot(results: dict[str, Any], path: Path) -> None:
    """Draw all systems at one batch size on all cores (left), ours and PyTorch at several batch sizes (right)."""
    fig = figure(12, 4.2)
    systems, batches = fig.subplots(1, 2, width_ratios=(5, 3))
    measured = [entry for entry in results["systems"] if "images_per_second" in entry and entry["work"] == "lenet5"]
    cores = max(entry["cores"] for entry in measured)
    _systems(systems, [entry for entry in measured if (entry["batch"], entry["cores"]) == (64, cores)], cores)
    peak = 1e9 * results["peak"][str(cores)]["gflops"] / results["flop_of_a_picture"]["lenet5"]
    _peak(systems, peak)
    _by_batch(batches, measured, cores)
    save(fig, path)


def _systems(axes: Axes, entries: list[dict[str, Any]], cores: int) -> None:
    quiet(axes, title=f"LeNet-5, training, batch 64, {cores} cores", x="images a second")
    entries = sorted(entries, key=lambda entry: float(entry["images_per_second"]))
    names, rates = [entry["system"] for entry in entries], [entry["images_per_second"] for entry in entries]
    axes.barh(names, rates, color=[BLUE if name.startswith("lenet") else ORANGE for name in names], height=0.65)
    spread = [[entry["images_per_second"] - entry["lowest"] for entry in entries]]
    spread += [[entry["highest"] - entry["images_per_second"] for entry in entries]]
    axes.errorbar(rates, names, xerr=spread, fmt="none", ecolor=INK, elinewidth=0.8)
    for name, entry in zip(names, entries, strict=True):
        label = f"{entry['images_per_second']:,} · {100 * entry['share_of_peak']:.1f} % of peak"
        axes.annotate(
            label, (entry["highest"], name), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},  # covers the line of the peak
        )  # fmt: skip
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color="#e6e6e6", linewidth=0.8)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:,.0f}"))


def _peak(axes: Axes, peak: float) -> None:
    """Draw the rate that the step would reach if every core only multiplied and added."""
    axes.axvline(peak, color=GREY, linewidth=1.2, linestyle="--")
    axes.annotate(
        f"the machine's peak: {peak:,.0f}", (peak, 0), xytext=(-5, 0), textcoords="offset points", ha="right",
        va="center", fontsize=8, color=GREY,
    )  # fmt: skip
    axes.set_xlim(0, 1.04 * max(peak, axes.get_xlim()[1]))


def _by_batch(axes: Axes, entries: list[dict[str, Any]], cores: int) -> None:
    quiet(axes, title="by the size of the batch", x="batch", y="images a second")
    for system, colour in COLOURS.items():
        for count, style in ((cores, "-"), (1, "--")):
            some = [entry for entry in entries if (entry["system"], entry["cores"]) == (system, count)]
            if not some:
                continue
            label = f"{system}, {count} core{'s' if count > 1 else ''}"
            sizes, rates = [entry["batch"] for entry in some], [entry["images_per_second"] for entry in some]
            axes.plot(sizes, rates, style, color=colour, linewidth=1.6, marker="o", markersize=4, label=label)
    axes.set_xscale("log", base=2)
    sizes = sorted({entry["batch"] for entry in entries})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:,.0f}"))
    axes.legend(frameon=False, fontsize=8, loc="center", bbox_to_anchor=(0.6, 0.37))  # between one core and PyTorch
