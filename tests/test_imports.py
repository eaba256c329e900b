"""The house: imports go down its list only, and what is printed is printed by the command.

pytest tests/test_imports.py
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lenet

SOURCE = Path(lenet.__file__).parent
FROM_THE_TOP = (  # docs/architecture.md
    ("cli",),
    ("tune",),
    ("serve",),
    ("report",),
    ("see",),
    ("export",),
    ("predict",),
    ("training",),
    ("engines",),
    ("models",),
    ("data",),
    ("records", "files"),
    ("errors",),
)
LEVELS = {part: level for level, parts in enumerate(FROM_THE_TOP) for part in parts}
FILES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
DOORS = ("__init__.py", "__main__.py")  # which open on everything

every_file = pytest.mark.parametrize("name", FILES)


def part_of(module: str) -> str:
    """The part of the house that a dotted module of lenet lies in; '' for lenet itself."""
    return module.split(".")[1] if "." in module else ""


def imported_parts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (part_of(name.name) for name in node.names if name.name.split(".")[0] == "lenet")
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full"
            module = node.module or ""
            if module == "lenet":
                yield from (name.name for name in node.names)
            elif module.startswith("lenet."):
                yield part_of(module)


@every_file
def test_imports_go_down(name: str) -> None:
    if name in DOORS:
        return
    home = Path(name).parts[0].removesuffix(".py")
    assert home in LEVELS, f"{name} has no place in the house"
    for part in imported_parts(FILES[name]):
        assert part in LEVELS, f"{name} imports lenet.{part}, which has no place in the house"
        assert part == home or LEVELS[part] > LEVELS[home], f"{name} imports lenet.{part}, which is not below it"


def test_the_walk_finds_what_is_imported() -> None:
    tree = ast.parse("import lenet.cli.train\nfrom lenet import serve\ndef f():\n    from lenet.data.idx import pair\n")
    assert list(imported_parts(tree)) == ["cli", "serve", "data"]


def names_used(tree: ast.AST) -> set[str]:
    """Every name in a file: variables, attributes with what they are taken of, imports."""
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(ast.unparse(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            used |= {name.name for name in node.names}
    return used


@every_file
def test_only_the_command_prints(name: str) -> None:
    prints = names_used(FILES[name]) & {"print", "sys.stdout", "sys.stderr", "Console"}
    assert not prints or name.startswith("cli/")


@every_file
def test_nothing_is_unpickled_or_executed(name: str) -> None:
    assert not names_used(FILES[name]) & {"pickle", "joblib", "torch.load", "allow_pickle", "exec", "eval"}


def test_lenet_itself_is_imported_at_once() -> None:
    """In a fresh interpreter: none of the packages that it depends on, nor an optional one, comes with it."""
    heavy = {"torch", "numpy", "matplotlib", "PIL", "sklearn", "safetensors", "pooch", "rich", "tyro", "halide"}
    optional = {"onnx", "onnxruntime", "optuna", "distributed", "starlette", "fastapi", "uvicorn"}
    script = f"import sys, lenet; print(sorted({heavy | optional} & sys.modules.keys()), lenet.InputError.__name__)"
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout == "[] InputError\n"


def test_no_module_has_an_effect_when_imported(tmp_path: Path) -> None:
    """Every one is imported in an empty folder and a home of its own; nothing is printed, nothing is left there."""
    modules = [
        "lenet." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in FILES
        if name not in DOORS
    ]
    script = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    asked = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"HOME": str(tmp_path), "MPLCONFIGDIR": "/tmp"},
    )  # fmt: skip
    assert (asked.stdout, asked.stderr) == ("", "")
    assert not list(tmp_path.iterdir())
