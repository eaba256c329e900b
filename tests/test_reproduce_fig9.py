"""The classifiers of Fig. 9 learn small data, and their errors are set beside the paper's.

Their trainings on MNIST take half an hour and are not repeated here.

pytest tests/test_reproduce_fig9.py
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lenet.data import Dataset, load_dataset
from lenet.records import with_leaves
from lenet.training.recipe import Recipe
from reproduce import fig9
from reproduce import fig9_classifiers as classifiers

ROOT = Path(__file__).parent.parent
PAPER = {  # test errors of Fig. 9 in percent
    "linear": 12.0,
    "linear-deslant": 8.4,
    "pairwise": 7.6,
    "k-nn": 5.0,
    "k-nn-deslant": 2.4,
    "pca-quadratic": 3.3,
    "rbf": 3.6,
    "svm": 1.1,
    "300": 4.7,
    "300-deslant": 1.6,
    "1000": 4.5,
    "300-100": 3.05,
    "500-150": 2.95,
    "lenet1": 1.7,
}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def bar(slant: float) -> NDArray[np.uint8]:
    """Return a picture `(1, 1, 28, 28)` of a bar that is 16 lines high and 3 pixels wide.

    The bar goes `slant` pixels to the right with each line.
    """
    picture = np.zeros((28, 28))
    for line in range(6, 22):
        centre = 12.5 + slant * (line - 13.5)
        picture[line] = np.clip(2 - np.abs(np.arange(28) - centre), 0, 1)
    return np.rint(255 * picture).astype(np.uint8)[None, None]


def slant_of(picture: NDArray[np.uint8]) -> float:
    """Return how far the middles of the lines go to the right with each line, by the second moments."""
    lines, columns = np.indices(picture.shape)
    about = np.cov(np.stack([lines.ravel(), columns.ravel()]), aweights=picture.ravel())
    return float(about[0, 1] / about[0, 0])


def by_lines(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the `picture` deslanted line by line, in the words of the definition."""
    at = np.arange(28)
    middle = np.average(at, weights=picture.sum(1))
    shifted = [
        np.interp(at + slant_of(picture) * (line - middle), at, levels, 0, 0) for line, levels in enumerate(picture)
    ]
    return np.stack(shifted)[4:24, 4:24]


@pytest.mark.parametrize("slant", [-0.5, 0.3])
def test_a_slanted_bar_is_made_upright(slant: float) -> None:
    slanted = bar(slant)
    assert slant_of(slanted[0, 0]) == pytest.approx(slant, abs=0.02)
    upright = classifiers.deslanted(slanted)
    assert upright.shape == (1, 1, 20, 20)
    assert slant_of(upright[0, 0]) == pytest.approx(0, abs=0.01)


def test_digits_are_deslanted_as_line_by_line(digits: Dataset) -> None:
    pictures = digits.test.pictures[:20]
    expected = np.stack([by_lines(picture[0]) for picture in pictures])
    assert np.abs(classifiers.deslanted(pictures)[:, 0] - expected).max() <= 0.51


def test_deslanting_leaves_an_empty_picture_empty() -> None:
    assert not classifiers.deslanted(np.zeros((2, 1, 28, 28), np.uint8)).any()


def test_a_digit_of_20_pixels_becomes_one_of_16_in_the_middle() -> None:
    square = np.zeros((1, 1, 28, 28), np.uint8)
    square[..., 4:24, 4:24] = 255
    small = classifiers.reduced(square)[0, 0]
    assert small.shape == (28, 28)
    assert np.argwhere(small > 127).min() == 6
    assert np.argwhere(small > 127).max() == 21


def test_the_quadratic_classifier_has_821_inputs(digits: Dataset) -> None:
    pipeline = classifiers.pca_quadratic()
    pipeline.fit(digits.train.pictures.reshape(len(digits.train), -1) / 255, digits.train.labels)
    assert pipeline[-1].n_features_in_ == 821


def test_there_are_45_pairwise_units(digits: Dataset) -> None:
    units = classifiers.pairwise_linear()
    units.fit(digits.train.pictures.reshape(len(digits.train), -1) / 255, digits.train.labels)
    assert len(units.estimators_) == 45


def test_there_are_1000_gaussians_and_they_are_1_at_their_means() -> None:
    random = np.random.default_rng(0)
    units = classifiers.GaussianUnits(units=100)
    units.fit(random.normal(size=(2000, 3)), np.arange(2000) % 10)
    assert units.transform(units.means_).diagonal() == pytest.approx(np.ones(1000))


@pytest.mark.parametrize(
    ("name", "bound"),
    [("pairwise", 8), ("k-nn", 4), ("k-nn-deslant", 4), ("pca-quadratic", 6), ("rbf", 8), ("svm", 4)],
)
def test_a_classifier_learns_digits(digits: Dataset, name: str, bound: float) -> None:
    row = fig9.ROWS[name]
    dataset = classifiers.prepared(digits, row.inputs)
    assert classifiers.error(row.make(0), dataset) < bound


@pytest.mark.parametrize(("name", "bound"), [("linear", 15), ("300-deslant-wider", 10)])
def test_a_network_learns_digits(digits: Dataset, name: str, bound: float) -> None:
    row = fig9.ROWS[name]
    dataset = classifiers.prepared(digits, row.inputs)
    assert classifiers.error(replace(row.make(0), epochs=5), dataset) < bound


def test_lenet1_learns_digits_of_16_pixels(digits: Dataset) -> None:
    recipe = classifiers.lenet1(0, rate=2e-3, epochs=6)
    assert classifiers.error(recipe, classifiers.prepared(digits, "16x16")) < 10


def test_a_fully_connected_network_has_the_papers_connections() -> None:
    """784-500-150-10 has the 469 thousand weights of Fig. 12; with the text's 1000 units it would have more."""
    network = classifiers.fully_connected(500, 150, seed=0).network
    layers = network.layers(1, 10)
    assert [layer.outputs[0] for layer in layers] == [500, 150, 10]
    assert sum(layer.multiplications for layer in layers) == 784 * 500 + 500 * 150 + 150 * 10
    (linear,) = classifiers.fully_connected(seed=0).network.layers(1, 10)
    assert linear.parameter_count == 7850


def test_the_papers_errors_are_those_of_fig_9() -> None:
    assert {name: row.paper for name, row in fig9.ROWS.items() if not row.reading} == PAPER
    by_title = {row.title: row.paper for row in fig9.ROWS.values() if not row.reading}
    assert all(row.paper == by_title[row.title] for row in fig9.ROWS.values())


def test_what_is_published_far_from_the_paper_has_a_reason() -> None:
    rows = json.loads((ROOT / "docs" / "results" / "fig9.json").read_text())["rows"]
    assert rows
    assert list(rows) == [name for name in fig9.ROWS if name in rows]
    for name, row in rows.items():
        assert bool(row["reason"]) == (abs(row["error_mean"] - row["paper"]) > fig9.NEAR), name


def test_a_finished_training_is_taken_from_its_file_unless_the_classifier_is_another(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained: list[Any] = []

    def error(classifier: Any, dataset: Dataset) -> float:
        trained.append(classifier)
        return 1.0

    monkeypatch.setattr(fig9, "CACHE", tmp_path)
    monkeypatch.setattr(fig9, "load_dataset", lambda name: digits)
    monkeypatch.setattr(classifiers, "error", error)
    for name in ("lenet1", "svm"):
        first = fig9.train("rows", name, 0)
        assert fig9.train("rows", name, 0) == first
    assert len(trained) == 2
    row = fig9.ROWS["lenet1"]
    monkeypatch.setitem(
        fig9.ROWS, "lenet1", replace(row, make=lambda seed: with_leaves(row.make(seed), {"damping": 3.0}))
    )
    fig9.train("rows", "lenet1", 0)
    assert isinstance(trained[-1], Recipe)
    assert trained[-1].method.damping == 3.0


def test_nothing_is_chosen_by_the_test_pictures(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fig9, "load_dataset", lambda name: digits)
    dataset = fig9.pictures("choose")
    assert len(dataset.train) + len(dataset.test) == len(digits.train)
    theirs = {picture.tobytes() for picture in digits.test.pictures}
    assert not any(picture.tobytes() in theirs for picture in dataset.test.pictures)


def test_a_row_says_how_far_it_is_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fig9.ROWS, "k-nn", replace(fig9.ROWS["k-nn"], paper=2.0))
    monkeypatch.setitem(fig9.REASONS, "k-nn", "a guess")
    runs: list[dict[str, Any]] = [
        {"seed": seed, "error": error, "processor_seconds": 1.0, "classifier": {}}
        for seed, error in ((1, 2.2), (0, 2.0))
    ]
    near = fig9.summary("k-nn", runs)
    assert (near["error_mean"], near["difference"], near["reason"]) == (2.1, 0.1, "")
    far = fig9.summary("k-nn", [{**run, "error": run["error"] + 1} for run in runs])
    assert (far["difference"], far["reason"]) == (1.1, "a guess")
    assert "a guess" in fig9.table({"k-nn": far})
