"""The README's example runs, its figures are those of the results, and both languages show the same.

pytest tests/test_readme.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]


def blocks(readme: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks(READMES[0], "python")
    assert len(example.strip().splitlines()) <= 12
    exec(example, {})
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+ misses of 360 test digits", lines[-1])
    assert int(lines[-1].split()[0]) < 36


def test_both_languages_show_the_same_commands_and_figures() -> None:
    english, chinese = (readme.read_text(encoding="utf-8") for readme in READMES)
    assert blocks(READMES[0], "python") == blocks(READMES[1], "python")
    assert re.findall(r"`(lenet [a-z]+|make [a-z]+)", english) == re.findall(r"`(lenet [a-z]+|make [a-z]+)", chinese)
    assert re.findall(r"\d+\.\d+ %", english) == re.findall(r"\d+\.\d+ %", chinese)


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_the_figures_are_those_of_the_results(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    recipes = json.loads((ROOT / "docs/results/recipes.json").read_text())
    for name in ("mnist", "mnist-fast", "fashion-mnist"):
        figures = recipes[name]
        spread = f" ± {figures['test_error_sd']:.2f}" if len(figures["seeds"]) > 1 else ""
        accuracy = f"{100 - figures['test_error_mean']:.2f}{spread} %"
        assert accuracy in text, f"{name}: {accuracy}"
    papers = json.loads((ROOT / "docs/results/lecun1998.json").read_text())
    for part in ("seeds", "distorted", "beyond"):
        error = f"{papers[part]['test_error_mean']:.2f} ± {papers[part]['test_error_sd']:.2f} %"
        assert error in text, f"{part}: {error}"
    tutorials = json.loads((ROOT / "docs/results/tutorials.json").read_text())
    for name in ("tutorial-pytorch-relu", "tutorial-pytorch-sigmoid"):
        runs = [run["train_accuracy"][0] for run in tutorials[name].values()]
        assert f"{sum(runs) / len(runs):.2f} %" in text


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_what_is_read_is_what_was_measured(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    measured = json.loads((ROOT / "docs/results/handwriting.json").read_text())
    for group, name in (
        ("digits", "right_percent"),
        ("rows", "digits_right_percent"),
        ("not_digits", "refused_percent"),
    ):
        assert f"{measured[group][name]:.1f} %" in text, name


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_the_speeds_are_those_of_the_results(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    measured = json.loads((ROOT / "docs/results/cpu.json").read_text())
    cores = max(entry["cores"] for entry in measured["systems"])
    rates = {entry["system"]: entry for entry in measured["systems"] if (entry["batch"], entry["cores"]) == (64, cores)}
    for name in ("lenet", "lenet, Gluon tutorial"):
        assert f"{rates[name]['images_per_second']:,}" in text, name
    for name in ("PyTorch", "PyTorch, DataLoader", "PyTorch, compiled", "JAX", "MXNet, Gluon tutorial"):
        assert f"| {rates[name]['images_per_second']:,} | {rates[name]['ours_to_it']:.1f} |" in text, name
    assert f"{measured['gluon_100_epochs_seconds']:.0f} s" in text


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_what_is_linked_is_there(readme: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", readme.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
