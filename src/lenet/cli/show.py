"""The output of the command: a bar and a growing table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:  # a verb that only lists something imports no torch
    from lenet.data.download import ProgressBar
    from lenet.inference.evaluate import Score
    from lenet.training.epoch import EpochSummary

WIDTHS = {"epoch": 5, "train loss": 11, "train error": 12, "valid. loss": 12, "valid. error": 13, "images/s": 10}


class Screen:
    """The place where a verb prints: stdout, or stderr when stdout is for one line of JSON."""

    def __init__(self, *, json: bool = False) -> None:
        self.console = Console(stderr=json, highlight=False, soft_wrap=True)

    def say(self, text: str, style: str | None = None) -> None:
        """Print `text`, in a `style` of rich on a terminal."""
        self.console.print(text, style=style, markup=False)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], footer: Sequence[str] = ()) -> None:
        """Print the `rows` under their `columns`, with numbers to the right; `footer` is a last row."""
        table = Table(box=None, header_style="bold", pad_edge=False, show_footer=bool(footer), footer_style="bold")
        for place, column in enumerate(columns):
            numbers = all(row[place][:1].isdigit() or not row[place] for row in rows)
            table.add_column(
                column, footer[place] if footer else "", justify="right" if numbers else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*row)
        if self.console.is_terminal:
            self.console.print(table)
        else:  # a pipe has no width
            Console(file=self.console.file, width=200, highlight=False).print(table)

    @contextmanager
    def downloads(self) -> Iterator[Callable[[str], ProgressBar]]:
        """Yield a function that makes a progress bar for each file that `load_dataset` downloads."""
        with Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
            console=self.console, disable=not self.console.is_terminal,
        ) as progress:  # fmt: skip

            def bar(url: str) -> ProgressBar:
                return _Download(progress, PurePosixPath(urlparse(url).path).name)

            yield bar

    @contextmanager
    def epochs(self, steps: int) -> Iterator[Callable[[int, int], None]]:
        """Print the head of the table of epochs, and yield a function that moves a bar to (epoch, step).

        The bar goes over the `steps` of an epoch, and is drawn on a terminal only.
        """
        self.say("".join(name.rjust(width) for name, width in WIDTHS.items()), style="bold")
        with Progress(
            TextColumn("epoch {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=self.console, disable=not self.console.is_terminal, transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task("1", total=steps)
            yield lambda epoch, step: progress.update(task, description=str(epoch), completed=step)

    def row(self, summary: EpochSummary) -> None:
        """Print the row of the epoch in `summary`."""
        held_out = summary.validation
        cells = (
            str(summary.epoch),
            _loss(summary.train),
            f"{summary.train.error:.2f} %",
            _loss(held_out) if held_out else "–",
            f"{held_out.error:.2f} %" if held_out else "–",
            f"{summary.images_per_second:,.0f}",
        )
        self.say("".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS.values(), strict=True)))


def _loss(score: Score) -> str:
    return f"{score.loss:.4f}" if score.loss < 1000 else f"{score.loss:.3g}"


class _Download:
    """A rich task behind the tqdm-like interface that pooch expects."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)
        self.total = 0

    def update(self, count: int, /) -> None:
        self._progress.update(self._task, total=self.total, advance=count)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop_task(self._task)
