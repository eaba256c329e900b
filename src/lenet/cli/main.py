"""The command `lenet`: it finds the verb, and reports an error in one sentence."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from lenet.cli.texts import SUMMARIES, TRAINED, WORDS
from lenet.errors import InputError, unknown

INTERRUPTED = 130  # the exit code after Ctrl-C, or after a SIGTERM that stops a training


def entry() -> int:
    """Run the command as a process of its own, and return its exit code."""
    with import_quickly():
        return main()


@contextmanager
def import_quickly() -> Iterator[None]:
    """Import modules without the garbage collector, which would look through them again and again in vain.

    Afterwards it leaves alone all that is there by then. So importing torch and leaving it take a third less time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, by default those of the process, and return its exit code.

    The code is 0 for success, 1 if a write finds that the reader of the output is gone, 2 (with one sentence on stderr)
    for input or a file that cannot be used, and `INTERRUPTED` after Ctrl-C, or after a SIGTERM that stops a training.
    The help of a verb ends in `SystemExit`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _dispatch(list(arguments))
    except InputError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # for example, a full disk or a read-only folder
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        print("lenet: interrupted", file=sys.stderr)
        return INTERRUPTED


def overview() -> str:
    """Return the text of `lenet --help`, with a line for each verb."""
    usages = {verb: " ".join([verb, *words]) for verb, words in WORDS.items()}
    width = max(map(len, usages.values()))
    lines = [f"  {usages[verb]:{width}}  {summary.splitlines()[0]}" for verb, summary in SUMMARIES.items()]
    return "\n".join(
        [
            "usage: lenet VERB ...",
            "",
            "Networks from LeCun's papers, trained to read handwriting.",
            "",
            *lines,
            "",
            f"A trained MODEL is {TRAINED}.",
            "`lenet VERB --help` explains a verb; `lenet --version` prints the version.",
        ]
    )


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"lenet {version('lenet')}")
        return 0
    verb, *rest = arguments
    if verb not in SUMMARIES:
        raise unknown("verb", verb, SUMMARIES)
    run: Callable[[list[str]], int] = import_module(f"lenet.cli.{verb}").run
    return run(rest)


def _refuse(sentence: str) -> int:
    print("lenet:", " ".join(sentence.splitlines()), file=sys.stderr)
    return 2
