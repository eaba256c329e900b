"""Imports go down the list of the house only, and nothing but the command prints.

pytest tests/test_imports.py
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lenet

SOURCE = Path(lenet.__file__).parent
FROM_THE_TOP = (  # docs/architecture.md
    ("cli",),
    ("serve",),
    ("tune",),
    ("report",),
    ("estimator",),
    ("training",),
    ("inference",),
    ("export",),
    ("see",),
    ("engines",),
    ("models",),
    ("data",),
    ("jobs", "tensors"),
    ("records", "files"),
    ("errors",),
)
KERNELS_FROM_THE_TOP = (  # lenet.engines.halide: the modules that both kinds of kernels share stand below them
    ("beforehand",),
    ("batch", "online"),
    ("walk", "compiled"),
    ("runtime",),
    ("weights", "scales"),
    ("table", "losses", "pixels", "state", "link"),
    ("activations", "form", "indices", "kept", "plan", "processor"),
)
KERNELS = "engines/halide/"
UNKNOWN_TO = {"serve": {"training", "report", "tune"}, "see": {"engines"}}  # not imported, though below
FILES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
DOORS = ("__init__.py", "__main__.py")  # modules that may import everything
PLAIN = (  # modules that know networks, data and recipes without torch
    "lenet.jobs",
    "lenet.data",
    "lenet.data.augment",
    "lenet.data.prepare",
    "lenet.models.layers",
    "lenet.models.architecture",
    "lenet.models.spec",
    "lenet.models.zoo",
    "lenet.models.describe",
    "lenet.engines.method",
    "lenet.training.recipes",
    "lenet.report.plots",
    "lenet.training.plan",
)

every_file = pytest.mark.parametrize("name", FILES)


def module_of(name: str) -> str:
    """Return the dotted name of the module in the file `name`."""
    return ".".join(("lenet", *Path(name).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_of(name): name for name in FILES}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of everything that `tree` imports from lenet; each may be a module or a name in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "lenet")
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full"
            if (node.module or "").split(".")[0] == "lenet":
                yield from (f"{node.module}.{name.name}" for name in node.names)


def check_levels(home: str, rooms: Iterable[str], from_the_top: Sequence[Sequence[str]]) -> None:
    """Fail unless each of the `rooms` imported in `home` lies below it in `from_the_top`, or is `home` itself."""
    levels = {room: level for level, same in enumerate(from_the_top) for room in same}
    assert home in levels, f"{home} has no place in the house"
    for room in rooms:
        assert room in levels, f"{home} imports {room}, which has no place in the house"
        assert room == home or levels[room] > levels[home], f"{home} imports {room}, which is not below it"


@every_file
def test_imports_go_down(name: str) -> None:
    if name in DOORS:
        return
    home = Path(name).parts[0].removesuffix(".py")
    parts = {module.removeprefix("lenet").removeprefix(".").split(".")[0] for module in imported(FILES[name])}
    check_levels(home, parts, FROM_THE_TOP)
    assert not parts & UNKNOWN_TO.get(home, set())


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(KERNELS)])
def test_imports_go_down_among_the_kernels(name: str) -> None:
    """The shared modules import neither kind of kernels, and neither kind imports the other."""
    room, *_ = Path(name.removeprefix(KERNELS)).parts
    if room == "__init__.py":
        assert not list(imported(FILES[name]))
        return
    above = "lenet.engines.halide."
    rooms = [module.removeprefix(above).split(".")[0] for module in imported(FILES[name]) if module.startswith(above)]
    check_levels(room.removesuffix(".py"), rooms, KERNELS_FROM_THE_TOP)


def test_imports_go_round_in_no_circle() -> None:
    graph = {
        name: {MODULES[whole] for module in imported(tree) for whole in prefixes(module) if whole in MODULES} - {name}
        for name, tree in FILES.items()
        if name not in DOORS
    }
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def prefixes(module: str) -> Iterator[str]:
    """Yield the imported name `module` and the name above it, as the last part may be a name in a module."""
    yield module
    yield module.rpartition(".")[0]


def test_the_walk_finds_what_is_imported() -> None:
    tree = ast.parse("import lenet.cli.train\nfrom lenet import serve\ndef f():\n    from lenet.data.idx import pair\n")
    assert list(imported(tree)) == ["lenet.cli.train", "lenet.serve", "lenet.data.idx.pair"]
    with pytest.raises(AssertionError, match="data imports models, which is not below it"):
        check_levels("data", ["errors", "models"], FROM_THE_TOP)
    with pytest.raises(AssertionError, match="batch imports online, which is not below it"):
        check_levels("batch", ["batch", "walk", "online"], KERNELS_FROM_THE_TOP)
    with pytest.raises(AssertionError, match="attic has no place in the house"):
        check_levels("attic", [], FROM_THE_TOP)


@pytest.mark.parametrize("name", [name for name in FILES if Path(name).name == "__init__.py"])
def test_packages_hold_no_code(name: str) -> None:
    """The exceptions are lenet, with its public names, and lenet.data, with the way to a data set."""
    if name not in ("__init__.py", "data/__init__.py"):
        (docstring,) = FILES[name].body
        assert ast.get_docstring(FILES[name])
        assert isinstance(docstring, ast.Expr)


def names_used(tree: ast.AST) -> set[str]:
    """Return every name in `tree`: of variables, of attributes in full (`sys.stdout`), and of imports."""
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
    """In a fresh interpreter, `import lenet` loads none of its dependencies and no optional package."""
    heavy = {"torch", "numpy", "matplotlib", "PIL", "sklearn", "safetensors", "pooch", "rich", "tyro", "halide"}
    optional = {"onnx", "onnxruntime", "optuna", "distributed", "starlette", "fastapi", "uvicorn"}
    script = f"import sys, lenet; print(sorted({heavy | optional} & sys.modules.keys()), lenet.InputError.__name__)"
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout == "[] InputError\n"


def test_plain_data_needs_no_torch() -> None:
    script = f"""
import importlib, sys
for name in {PLAIN}:
    importlib.import_module(name)
    if "torch" in sys.modules:
        sys.exit(name + " imports torch")
"""
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")


def test_no_module_has_an_effect_when_imported(tmp_path: Path) -> None:
    """Modules imported in an empty folder and with an empty home print nothing and leave nothing there."""
    modules = [module for module, name in MODULES.items() if name not in DOORS]
    script = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    asked = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"HOME": str(tmp_path), "MPLCONFIGDIR": "/tmp"},
    )  # fmt: skip
    assert (asked.stdout, asked.stderr) == ("", "")
    assert not list(tmp_path.iterdir())
