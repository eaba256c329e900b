"""Evaluation: against scikit-learn, and what must not change its answer.

Run: pytest tests/training/test_evaluate.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

from lenet.data import Dataset, Split
from lenet.engines import Method
from lenet.engines.losses import make_loss
from lenet.errors import InputError
from lenet.models import Network, build, network
from lenet.training.evaluate import evaluate, relabelled_test


@pytest.fixture
def untrained() -> Network:
    return build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=("row", "column", "diagonal"))


def test_the_figures_are_scikit_learns(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test)
    certainties = untrained.scores(small_data.test.images).double().softmax(1).numpy()
    answers = certainties.argmax(1)
    assert result.accuracy == pytest.approx(accuracy_score(small_data.test.labels, answers))
    assert result.misses == (answers != small_data.test.labels).sum()
    assert result.error == pytest.approx(100 * result.misses / 90)
    assert result.loss == pytest.approx(log_loss(small_data.test.labels, certainties), abs=1e-6)
    assert (result.confusion() == confusion_matrix(small_data.test.labels, answers, labels=[0, 1, 2])).all()


def test_the_loss_is_the_one_that_is_asked_for(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test, loss=make_loss(Method(loss="squared-error")))
    wanted = 2.0 * np.eye(3)[small_data.test.labels] - 1
    scores = untrained.scores(small_data.test.images).numpy()
    assert result.loss == pytest.approx(np.square(scores - wanted).mean(), rel=1e-6)


@pytest.mark.parametrize("batch", [1, 7, 89, 90, 1000])
def test_the_batch_size_and_a_ragged_last_batch_change_nothing(
    untrained: Network, small_data: Dataset, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    whole = evaluate(untrained, small_data.test)
    monkeypatch.setattr(network, "BATCH", batch)
    parts = evaluate(untrained, small_data.test)
    assert parts.misses == whole.misses
    assert parts.count == 90
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)


def test_evaluating_changes_nothing(untrained: Network, small_data: Dataset) -> None:
    before = {name: tensor.clone() for name, tensor in untrained.state_dict().items()}
    evaluate(untrained, small_data.test)
    assert all((tensor == before[name]).all() for name, tensor in untrained.state_dict().items())
    assert all(parameter.grad is None for parameter in untrained.parameters())


def test_the_worst_misses_come_surest_first(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test)
    worst = result.worst(10)
    certainties = result.certainties[worst].max(1)
    assert len(worst) == 10
    assert (result.answers[worst] != result.labels[worst]).all()
    assert (np.diff(certainties) <= 0).all()
    wrong = result.certainties[result.answers != result.labels].max(1)
    assert certainties[0] == wrong.max()


def test_labels_are_matched_by_the_name_of_the_class(untrained: Network, small_data: Dataset) -> None:
    order = ("diagonal", "row", "column")
    labels = np.array([order.index(small_data.classes[label]) for label in small_data.test.labels])
    shuffled = Dataset("again", small_data.train, Split(small_data.test.images, labels), order)
    assert (relabelled_test(untrained, shuffled).labels == small_data.test.labels).all()


def test_a_class_that_the_network_does_not_know_is_named(untrained: Network, small_data: Dataset) -> None:
    other = Dataset("other", small_data.train, small_data.test, ("row", "column", "circle"))
    with pytest.raises(InputError, match="'circle', but the network knows row, column, diagonal"):
        relabelled_test(untrained, other)


def test_no_pictures_and_too_many_classes_are_refused(small_data: Dataset) -> None:
    two = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=2)
    with pytest.raises(InputError, match="no pictures"):
        evaluate(two, Split(small_data.test.images[:0], small_data.test.labels[:0]))
    with pytest.raises(InputError, match="at least 3 classes, the network knows 2"):
        evaluate(two, small_data.test)


def test_pictures_are_turned_as_the_network_learned_them(untrained: Network, small_data: Dataset) -> None:
    turned = replace(small_data, background="light")
    for background, same in ("light", True), ("either", True), ("dark", False):
        untrained.background = background  # type: ignore[assignment]
        images = relabelled_test(untrained, turned).images
        assert (images == (small_data.test.images if same else 255 - small_data.test.images)).all()


def test_pictures_with_other_channels_are_refused(untrained: Network, small_data: Dataset) -> None:
    coloured = Split(small_data.test.images.repeat(3, axis=1), small_data.test.labels)
    with pytest.raises(InputError, match="pictures of 3 channels, but the network takes 1"):
        evaluate(untrained, coloured)
