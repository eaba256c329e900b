"""The report's plots draw what was measured, whatever the classes are called.

pytest tests/report/test_plots.py
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from sklearn.metrics import confusion_matrix

from lenet.data import Split
from lenet.inference.evaluate import Evaluation, Score
from lenet.report.plots import confusion, curves, mistakes
from lenet.report.write import SHOWN, SIDE, worst_misses
from lenet.see.style import BLUE, ORANGE, save
from lenet.training.epoch import EpochSummary

CLASSES = ("cat", "dog", "hippopotamus")


def summary(epoch: int, held_out: bool) -> EpochSummary:
    validation = Score(2 / epoch, 20 - epoch, 50) if held_out else None
    return EpochSummary(epoch, Score(1 / epoch, 30 - epoch, 100), validation, rate=0.1, seconds=1.0)


def evaluation(truths: Sequence[int], predictions: Sequence[int], confidences: Sequence[float]) -> Evaluation:
    labels = np.array(truths, np.int64)
    table = np.repeat(((1 - np.array(confidences)) / 2)[:, None], 3, axis=1).astype(np.float32)
    table[np.arange(len(labels)), predictions] = confidences
    best = np.array(predictions, np.int64)
    return Evaluation(0.5, int((labels != best).sum()), len(labels), best, table, labels)


def drawn_at_random(count: int = 200) -> Evaluation:
    random = np.random.default_rng(0)
    return evaluation(random.integers(0, 3, count), random.integers(0, 3, count), random.uniform(0.5, 1, count))  # type: ignore[arg-type]


def pictures(tested: Evaluation, channels: int = 1, shape: tuple[int, int] = (8, 10)) -> Split:
    """Return random pictures of `shape` (height, width), by default wider than high."""
    levels = np.random.default_rng(1).integers(0, 256, (tested.count, channels, *shape), dtype=np.uint8)
    return Split(levels, tested.labels)


def gallery(tested: Evaluation, split: Split, classes: Sequence[str] = CLASSES) -> Figure:
    return mistakes(worst_misses(tested, split, classes), tested.misses)


def titles(fig: Figure) -> list[str]:
    """Return the texts above the pictures of a gallery, in order."""
    return [text.get_text() for axes in fig.axes for text in axes.texts]


@pytest.mark.parametrize("held_out", [False, True])
def test_curves_are_the_history(held_out: bool) -> None:
    history = [summary(epoch, held_out) for epoch in (1, 2, 3)]
    loss, error = curves([epoch.as_dict() for epoch in history]).axes
    drawn = {
        (axes.get_title(loc="left"), line.get_color()): np.asarray(line.get_xydata()).tolist()
        for axes in (loss, error)
        for line in axes.get_lines()
    }
    expected = {
        ("Loss", BLUE): [[1, 1], [2, 1 / 2], [3, 1 / 3]],
        ("Error rate", BLUE): [[1, 29], [2, 28], [3, 27]],
        ("Loss", ORANGE): [[1, 2], [2, 1], [3, 2 / 3]],
        ("Error rate", ORANGE): [[1, 38], [2, 36], [3, 34]],
    }
    assert drawn == {key: points for key, points in expected.items() if held_out or key[1] == BLUE}
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "mean over the pictures")
    assert error.get_ylabel() == "%"


@pytest.mark.parametrize("count", [1, 2, 50])
def test_epochs_are_whole_numbers(count: int) -> None:
    fig = curves([summary(epoch, True).as_dict() for epoch in range(1, count + 1)])
    FigureCanvasAgg(fig).draw()  # type: ignore[no-untyped-call]
    shown = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert shown
    assert all(text.lstrip("\u2212").isdecimal() for text in shown)


def test_confusion_is_scikit_learn_s() -> None:
    tested = drawn_at_random()
    counts = confusion_matrix(tested.labels, tested.predictions)
    (axes,) = confusion(tested.confusion(), CLASSES).axes
    written = np.zeros((3, 3), int)
    for text in axes.texts:
        predicted, truth = text.get_position()
        written[int(truth), int(predicted)] = int(text.get_text())
    np.testing.assert_array_equal(written, counts)
    assert axes.get_title(loc="left") == f"{tested.misses} misses of 200"
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CLASSES)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("prediction", "truth")


def test_confusion_colours_the_misses_only() -> None:
    tested = drawn_at_random()
    (shown,) = confusion(tested.confusion(), CLASSES).axes[0].get_images()
    counts = confusion_matrix(tested.labels, tested.predictions)
    np.testing.assert_array_equal(np.asarray(shown.get_array()), counts - np.diag(np.diag(counts)))


def test_mistakes_are_the_most_confident_first() -> None:
    tested = evaluation([0, 1, 2, 1, 0], [1, 1, 0, 2, 0], [0.7, 0.9, 0.8, 0.95, 0.6])
    fig = gallery(tested, pictures(tested))
    assert titles(fig) == ["dog → hippopot…\n#3  95 %", "hippopot… → cat\n#2  80 %", "cat → dog\n#0  70 %"]
    assert fig.get_suptitle() == "3 of 3 misses, the most confident first: truth → prediction"


def test_mistakes_are_at_most_as_many_as_fit() -> None:
    tested = drawn_at_random()
    fig = gallery(tested, pictures(tested))
    assert tested.misses > len(titles(fig)) == SHOWN
    assert fig.get_suptitle() == f"40 of {tested.misses} misses, the most confident first: truth → prediction"


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_mistake_is_shown_as_it_is(channels: int) -> None:
    """Each lies below its title, in colours or as ink on paper, and there is only paper between them."""
    tested = evaluation([0] * 11, [1] * 11, [0.9] * 11)
    split = pictures(tested, channels)
    (axes,) = gallery(tested, split).axes
    (shown,) = axes.get_images()
    sheet = np.asarray(shown.get_array()).astype(int)
    for picture, title in zip(split.pictures, axes.texts, strict=True):
        middle, top = (round(place) for place in title.get_position())
        place = slice(top, top + 8), slice(middle - 5, middle + 5)
        levels = picture.transpose(1, 2, 0)
        expected = levels if channels == 3 else np.stack([255 - levels.mean(2).round()] * 3, -1)
        np.testing.assert_array_equal(sheet[place], expected)
        sheet[place] = 255
    assert (sheet == 255).all()


@pytest.mark.parametrize("shape", [(120, 24), (24, 120), (1, 1), (28, 28)])
def test_no_title_lies_on_another_or_on_a_picture(shape: tuple[int, int]) -> None:
    """Pictures need not be square, nor large."""
    tested = evaluation([0] * 17, [1] * 17, [0.9] * 17)
    fig = gallery(tested, pictures(tested, shape=shape))
    FigureCanvasAgg(fig).draw()  # type: ignore[no-untyped-call]
    (axes,) = fig.axes
    (shown,) = axes.get_images()
    sheet, to_pixels = np.asarray(shown.get_array()), axes.transData.inverted()
    boxes = [title.get_window_extent() for title in axes.texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])
        (left, bottom), (right, top) = (to_pixels.transform(corner) for corner in (box.min, box.max))
        covered = sheet[max(0, ceil(top)) : floor(bottom), max(0, ceil(left)) : floor(right)]
        assert (covered == 255).all()


def test_a_large_mistake_is_shown_with_fewer_pixels() -> None:
    tested = evaluation([0], [1], [0.9])
    split = pictures(tested, shape=(3 * SIDE, 30))
    (miss,) = worst_misses(tested, split, CLASSES)
    np.testing.assert_array_equal(miss["picture"], split.pictures[0, :, ::3, ::3])


def test_no_mistakes() -> None:
    tested = evaluation([0, 1], [0, 1], [0.9, 0.9])
    fig = gallery(tested, pictures(tested))
    assert (fig.get_suptitle(), titles(fig)) == ("No misses", [])
    assert confusion(tested.confusion(), CLASSES).axes[0].get_title(loc="left") == "0 misses of 2"


@pytest.mark.parametrize("classes", [("$x_$", "$\\foo$", "50%"), ("猫", "犬", "鳥"), ("", "_", "<b>")])
def test_whatever_the_classes_are_called(tmp_path: Path, classes: tuple[str, ...]) -> None:
    """Folders are named by their owners. No name is read as a formula, and none stops the report."""
    tested = evaluation([0, 1, 2], [1, 2, 0], [0.9, 0.9, 0.9])
    save(confusion(tested.confusion(), classes), tmp_path / "confusion.png")
    fig = gallery(tested, pictures(tested), classes)
    save(fig, tmp_path / "mistakes.png")
    assert titles(fig)[0].startswith(f"{classes[0]} → {classes[1]}\n")


def test_a_file_is_a_png_and_the_same_each_time(tmp_path: Path) -> None:
    history = [summary(epoch, True) for epoch in (1, 2)]
    for name in ("one.png", "two.png"):
        save(curves([epoch.as_dict() for epoch in history]), tmp_path / name)
    with Image.open(tmp_path / "one.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (1350, 510))
        assert len(picture.convert("RGB").getcolors(2**24) or ()) > 10
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_plots_leave_no_global_state() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    curves([summary(1, True).as_dict()])
    assert plt.get_fignums() == before
