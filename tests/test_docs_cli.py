"""The page of the command shows what the command says, word for word.

`python tests/test_docs_cli.py` writes what the command says into the page.

pytest tests/test_docs_cli.py
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout, suppress
from pathlib import Path

from lenet.cli.main import main
from lenet.cli.texts import SUMMARIES

PAGE = Path(__file__).parent.parent / "docs/cli.md"
SHOWN = re.compile(r"^\$ lenet (.*)\n(?:.*\n)*?(?=```$)", re.MULTILINE)


def said(arguments: str) -> str:
    """Return what the command prints for these `arguments`."""
    output = io.StringIO()
    with redirect_stdout(output), suppress(SystemExit):
        main(arguments.split())
    return output.getvalue()


def rewritten(page: str) -> str:
    """Return the `page` with what the command says today."""
    return SHOWN.sub(lambda shown: f"$ lenet {shown[1]}\n{said(shown[1])}", page)


def test_the_page_shows_what_the_command_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rewritten(page), "python tests/test_docs_cli.py writes it anew"


def test_every_verb_is_shown() -> None:
    shown = SHOWN.findall(PAGE.read_text(encoding="utf-8"))
    assert shown == ["--help", *(f"{verb} --help" for verb in SUMMARIES)]


def test_the_examples_are_commands() -> None:
    verbs = re.findall(r"^lenet (\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert verbs == ["train", "evaluate", "predict", "describe"]


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
