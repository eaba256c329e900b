"""The output of the command: a bar and a growing table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # a verb that only lists something imports neither torch nor progress bars
    from rich.progress import Progress

    from lenet.data.download import ProgressBar
    from lenet.inference.evaluate import Score
    from lenet.training.epoch import EpochSummary

WIDTHS = {"epoch": 5, "train loss": 11, "train error": 12, "valid. loss": 12, "valid. error": 13, "images/s": 10}


class Screen:
    """The place where a verb prints: stdout, or with `json` stderr, so that stdout gets nothing but JSON."""

    def __init__(self, *, json: bool = False) -> None:
        self.console = Console(stderr=json, highlight=False, soft_wrap=True)

    def say(self, text: str, style: str | None = None) -> None:
        """Print `text`; a terminal shows it in `style`, a style of the library rich."""
        self.console.print(text, style=style, markup=False)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], footer: Sequence[object] = ()) -> None:
        """Print `rows` under the headings `columns`, with any `footer` as the last row.

        A column is right-aligned if each of its cells begins with a digit or is empty.
        """
        table = Table(box=None, header_style="bold", pad_edge=False, show_footer=bool(footer), footer_style="bold")
        cells = [[_cell(value) for value in row] for row in rows]
        for place, column in enumerate(columns):
            numbers = all(row[place][:1].isdigit() or not row[place] for row in cells)
            last = _cell(footer[place]) if footer else ""
            table.add_column(column, last, justify="right" if numbers else "left", overflow="fold")
        for row in cells:
            table.add_row(*row)
        if self.console.is_terminal:
            self.console.print(table)
        else:  # a pipe has no width
            Console(file=self.console.file, width=200, highlight=False).print(table)

    @contextmanager
    def downloads(self) -> Iterator[Callable[[str], ProgressBar]]:
        """Yield a function that makes the progress bar for an address to download; only a terminal shows the bar."""
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
            console=self.console, disable=not self.console.is_terminal,
        ) as progress:  # fmt: skip

            def bar(url: str) -> ProgressBar:
                return _Download(progress, PurePosixPath(urlparse(url).path).name)

            yield bar

    @contextmanager
    def epochs(self, steps: int) -> Iterator[Callable[[int, int], None]]:
        """Print the heading of the table of epochs, and yield a function that moves a bar to an epoch and a step.

        The bar spans the `steps` of one epoch and is drawn only on a terminal.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


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
