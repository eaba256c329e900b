"""The plot of reproduce/fig9.py: the test error of each classifier of Fig. 9, ours and the paper's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lenet.see.style import BLUE, GREY, ORANGE, figure, quiet, save


def plot(rows: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw a line for each classifier, in the paper's order, with its errors as dots, hollow for another reading."""
    fig = figure(9, 4.8)
    axes = quiet(fig.subplots(), title="Fig. 9: test error on MNIST", x="%")
    titles = list(dict.fromkeys(row["title"] for row in rows.values()))
    places = {title: place for place, title in enumerate(reversed(titles))}
    for title, place in places.items():
        errors = [
            error for row in rows.values() if row["title"] == title for error in (row["error_mean"], row["paper"])
        ]
        axes.plot([min(errors), max(errors)], [place, place], color=GREY, linewidth=0.8, zorder=1)
    paper = {row["title"]: row["paper"] for row in rows.values()}
    axes.scatter(list(paper.values()), [places[title] for title in paper], 40, ORANGE, marker="D", label="Fig. 9")
    for reading in sorted({row["reading"] for row in rows.values()}):
        some = [row for row in rows.values() if row["reading"] == reading]
        axes.scatter(
            [row["error_mean"] for row in some],
            [places[row["title"]] for row in some],
            40,
            facecolors="white" if reading else BLUE,
            edgecolors=BLUE,
            label=f"ours, {reading}" if reading else "ours",
        )
    axes.set_yticks(list(places.values()), list(places))
    axes.set_xlim(0)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color="#e6e6e6", linewidth=0.8)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    save(fig, path)
