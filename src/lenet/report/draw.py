"""The drawing of plots: here and now, or in a process that imports matplotlib while this one is at work.

`python -m lenet.report.draw` reads from stdin what to draw, a line of JSON for each plot, and draws it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any, BinaryIO, cast

Draw = Callable[..., None]
"""a function that takes what `draw` takes"""


def draw(path: Path, plot: str, *arguments: Any) -> None:
    """Write to `path` the figure that the function `plot` of `lenet.report.plots` makes of the `arguments`.

    They are JSON values. Raises `OSError` when the file cannot be written.
    """
    from lenet.report import plots
    from lenet.see.style import save

    save(getattr(plots, plot)(*arguments), path)


class Painter:
    """A process that draws while this one goes on. It ends when it is closed, and once it is done if this one is gone.

    In a `with` statement it gives a function to use in place of `draw`, and all is drawn when the statement ends. What
    the process could not draw is drawn here then, so an error is raised as `draw` raises it.
    """

    def __init__(self) -> None:
        # -P: no module is imported from the folder in which the user happens to be; a Ctrl-C there is not for it
        command = [sys.executable, "-P", "-m", __name__]
        self._process = Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
        self._stdin = cast(BinaryIO, self._process.stdin)
        self._asked: list[tuple[Any, ...]] = []

    def __enter__(self) -> Draw:
        return self._draw

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None and self._end():
            for plot in self._asked:
                draw(*plot)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._end()

    def _end(self) -> int:
        """Wait until the process has drawn all that was asked for, and return its exit code."""
        with suppress(BrokenPipeError):
            self._process.communicate()
        return self._process.wait()

    def _draw(self, path: Path, plot: str, *arguments: Any) -> None:
        self._asked.append((path, plot, *arguments))
        with suppress(BrokenPipeError):
            self._stdin.write(json.dumps([str(path), plot, *arguments]).encode() + b"\n")
            self._stdin.flush()


def main() -> None:
    """Draw what stdin asks for, until it ends."""
    import_module("lenet.report.plots")
    for line in sys.stdin:
        path, *plot = json.loads(line)
        draw(Path(path), *plot)


if __name__ == "__main__":
    main()
