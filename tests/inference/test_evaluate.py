"""Evaluation gives the figures of scikit-learn, however the answers are computed.

pytest tests/inference/test_evaluate.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

from lenet.data import Dataset, Split
from lenet.data.image import Background
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.inference.evaluate import evaluate, relabelled_test
from lenet.inference.predictor import Predictor
from lenet.models.network import Network, build


@pytest.fixture
def untrained() -> Network:
    return build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=("row", "column", "diagonal"))


def logits_of(network: Network, split: Split) -> NDArray[np.float64]:
    """Return the logits of `network` for the 8x8 pictures of `split`, with levels from 0 to 1."""
    with torch.no_grad():
        return network(torch.from_numpy(split.pictures) / 255).double().numpy()  # type: ignore[no-any-return]


def test_the_figures_are_scikit_learns(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test)
    probabilities = torch.from_numpy(logits_of(untrained, small_data.test)).softmax(1).numpy()
    predictions = probabilities.argmax(1)
    assert result.accuracy == pytest.approx(accuracy_score(small_data.test.labels, predictions))
    assert result.misses == (predictions != small_data.test.labels).sum()
    assert result.error == pytest.approx(100 * result.misses / 90)
    assert result.loss == pytest.approx(log_loss(small_data.test.labels, probabilities), abs=1e-6)
    assert (result.confusion() == confusion_matrix(small_data.test.labels, predictions, labels=[0, 1, 2])).all()
    np.testing.assert_allclose(result.probabilities, probabilities, rtol=1e-6)
    assert (result.predictions == predictions).all()


def test_the_loss_is_the_one_that_is_asked_for(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test, loss=make_loss(Method(loss="squared-error")))
    wanted = 2.0 * np.eye(3)[small_data.test.labels] - 1
    logits = logits_of(untrained, small_data.test)
    assert result.loss == pytest.approx(np.square(logits - wanted).mean(), rel=1e-6)


def test_a_predictor_is_evaluated_as_its_network_is(untrained: Network, small_data: Dataset) -> None:
    """It answers by its own engine, whatever else is asked for, and with the weights that it was made with."""
    expected = evaluate(untrained, small_data.test, engine="torch")
    predictor = Predictor(untrained, engine="torch")
    with torch.no_grad():
        untrained.get_parameter("output.bias").zero_()
    result = evaluate(predictor, small_data.test, engine="no-such-engine")
    assert result.as_dict() == expected.as_dict()
    assert (result.probabilities == expected.probabilities).all()


def test_a_prediction_is_the_class_of_the_highest_logit(untrained: Network, small_data: Dataset) -> None:
    """Logits that differ by less than float32 can tell of their softmax still have a highest one."""
    predictor = Predictor(untrained, engine="torch")
    near = np.zeros((len(small_data.test), len(untrained.spec.classes)), np.float32)
    near[:, 1] = 1e-9
    predictor._answer = lambda _: near
    result = evaluate(predictor, small_data.test)
    assert (result.predictions == 1).all()
    assert result.misses == result.count - result.confusion().trace()


@pytest.mark.parametrize("batch", [1, 7, 89, 90, 1000])
def test_the_batch_size_and_a_ragged_last_batch_change_nothing(
    untrained: Network, small_data: Dataset, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    whole = evaluate(untrained, small_data.test)
    monkeypatch.setattr("lenet.inference.torch_answers.BATCH", batch)
    parts = evaluate(untrained, small_data.test)
    assert parts.misses == whole.misses
    assert parts.count == 90
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)
    np.testing.assert_allclose(parts.probabilities, whole.probabilities, rtol=1e-6)


def test_evaluating_changes_nothing(untrained: Network, small_data: Dataset) -> None:
    before = {name: tensor.clone() for name, tensor in untrained.state_dict().items()}
    evaluate(untrained, small_data.test)
    assert all((tensor == before[name]).all() for name, tensor in untrained.state_dict().items())
    assert all(parameter.grad is None for parameter in untrained.parameters())


def test_the_worst_misses_come_most_confident_first(untrained: Network, small_data: Dataset) -> None:
    result = evaluate(untrained, small_data.test)
    worst = result.worst(10)
    confidences = result.probabilities[worst].max(1)
    assert len(worst) == 10
    assert (result.predictions[worst] != result.labels[worst]).all()
    assert (np.diff(confidences) <= 0).all()
    wrong = result.probabilities[result.predictions != result.labels].max(1)
    assert confidences[0] == wrong.max()


def test_labels_are_matched_by_the_name_of_the_class(untrained: Network, small_data: Dataset) -> None:
    order = ("diagonal", "row", "column")
    labels = np.array([order.index(small_data.classes[label]) for label in small_data.test.labels])
    shuffled = Dataset("again", small_data.train, Split(small_data.test.pictures, labels), order)
    assert (relabelled_test(untrained, shuffled).labels == small_data.test.labels).all()


def test_a_class_that_the_network_does_not_know_is_named(untrained: Network, small_data: Dataset) -> None:
    other = Dataset("other", small_data.train, small_data.test, ("row", "column", "circle"))
    with pytest.raises(InputError, match="'circle', but the network knows row, column, diagonal"):
        relabelled_test(untrained, other)


def test_no_pictures_and_too_many_classes_are_refused(small_data: Dataset) -> None:
    two = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=2)
    with pytest.raises(InputError, match="no pictures"):
        evaluate(two, Split(small_data.test.pictures[:0], small_data.test.labels[:0]))
    with pytest.raises(InputError, match="at least 3 classes, the network knows 2"):
        evaluate(two, small_data.test)


def test_pictures_are_turned_as_the_network_learned_them(untrained: Network, small_data: Dataset) -> None:
    turned = replace(small_data, background="light")
    cases: tuple[tuple[Background, bool], ...] = (("light", True), ("either", True), ("dark", False))
    for background, same in cases:
        network = Network(replace(untrained.spec, background=background))
        pictures = relabelled_test(network, turned).pictures
        assert (pictures == (small_data.test.pictures if same else 255 - small_data.test.pictures)).all()


def test_pictures_with_other_channels_are_refused(untrained: Network, small_data: Dataset) -> None:
    coloured = Split(small_data.test.pictures.repeat(3, axis=1), small_data.test.labels)
    with pytest.raises(InputError, match="pictures of 3 channels, but the network takes 1"):
        evaluate(untrained, coloured)
