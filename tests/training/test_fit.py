"""The training loop is the bare torch loop, gives the same bits each time, and keeps its promises in every epoch.

pytest tests/training/test_fit.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet.data import Dataset
from lenet.data.augment import Augmentation
from lenet.engines.engine import Tally
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.errors import InputError
from lenet.inference.evaluate import evaluate
from lenet.records import with_leaves
from lenet.training.data import hold_out
from lenet.training.fit import Training, fit
from lenet.training.plan import ORDER
from lenet.training.recipe import Recipe
from lenet.training.start import make_network


def last(recipe: Recipe, dataset: Dataset) -> dict[str, torch.Tensor]:
    *_, epoch = fit(recipe, dataset=dataset)
    return epoch.network.state_dict()


def test_a_training_is_the_bare_torch_loop(small_recipe: Recipe, small_data: Dataset) -> None:
    recipe = replace(
        small_recipe, augmentation=Augmentation(), method=Method(momentum=0.9, weight_decay=0.01, batch=13),
        validation=0.0, schedule="constant", warmup=0.0, keep="last", epochs=2,
    )  # fmt: skip
    network = make_network(recipe, small_data)
    optimiser = torch.optim.SGD(network.parameters(), lr=recipe.rate, momentum=0.9, weight_decay=0.01)
    images = torch.from_numpy(small_data.train.pictures).float() / 255
    labels = torch.from_numpy(small_data.train.labels)
    for epoch in range(recipe.epochs):
        order = torch.from_numpy(np.random.default_rng((recipe.seed, ORDER, epoch)).permutation(len(labels)))
        for index in torch.split(order, 13):
            optimiser.zero_grad()
            F.cross_entropy(network(images[index]), labels[index]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    for name, tensor in last(recipe, small_data).items():
        torch.testing.assert_close(tensor, network.state_dict()[name])


def test_the_same_recipe_gives_the_same_bits(small_recipe: Recipe, small_data: Dataset) -> None:
    first, second = last(small_recipe, small_data), last(small_recipe, small_data)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_another_network(small_recipe: Recipe, small_data: Dataset) -> None:
    first, second = last(small_recipe, small_data), last(replace(small_recipe, seed=1), small_data)
    assert not any(torch.equal(first[name], second[name]) for name in first)


def test_every_picture_is_seen_once_in_each_epoch_in_another_order(
    small_recipe: Recipe, small_data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(small_recipe, hold_out(small_recipe, small_data))
    seen: list[np.ndarray] = []
    monkeypatch.setattr(training.engine, "learn", lambda index, *_: seen.append(index))
    monkeypatch.setattr(training.engine, "tally", lambda: Tally(0.0, 0, len(training.dataset.train)))
    epochs = list(training.epochs(lambda: False))
    orders = np.split(np.concatenate(seen), len(epochs))
    for order in orders:
        assert sorted(order) == list(range(len(training.dataset.train)))
    assert not (orders[0] == orders[1]).all()


@pytest.mark.parametrize(("every", "expected"), [(6, [0, 6, 12, 18]), (20, [0]), (None, [0])])
def test_whether_to_stop_is_asked_as_often_as_wanted(
    small_recipe: Recipe, small_data: Dataset, every: int | None, expected: list[int]
) -> None:
    """An epoch has 20 steps, which are fewer than `SPAN` pictures make. Asking changes no bit of the weights."""
    training = Training(replace(small_recipe, epochs=1), hold_out(small_recipe, small_data))
    asked: list[int] = []

    def stop() -> bool:
        asked.append(training.progress.step)
        return False

    list(training.epochs(stop, every))
    assert asked == expected
    single = last(replace(small_recipe, epochs=1), small_data)
    assert all(torch.equal(tensor, single[name]) for name, tensor in training.kept_network().state_dict().items())


def test_epochs_count_every_picture_and_learn(small_recipe: Recipe, small_data: Dataset) -> None:
    wider = replace(small_recipe.network, maps=(6,), hidden=(16,))
    epochs = list(fit(replace(small_recipe, network=wider, rate=0.03, epochs=20), dataset=small_data))
    assert [epoch.epoch for epoch in epochs] == list(range(1, 21))
    assert {epoch.train.count for epoch in epochs} == {256}
    assert epochs[-1].validation is not None
    assert epochs[-1].validation.count == 64
    assert epochs[-1].validation.error < 10 < epochs[0].train.error
    assert epochs[-1].images_per_second == 256 / epochs[-1].seconds


def test_training_and_validation_have_the_same_loss(small_recipe: Recipe, small_data: Dataset) -> None:
    """The loss is the squared error, which cannot be taken for cross-entropy."""
    recipe = with_leaves(small_recipe, {"loss": "squared-error", "average": 0.0, "keep": "last", "epochs": 1})
    training = Training(recipe, hold_out(recipe, small_data))
    (epoch,) = training.epochs(lambda: False)
    split = training.dataset.validation
    assert split
    assert epoch.validation
    squared = evaluate(epoch.network, split, loss=make_loss(recipe.method)).loss
    entropy = evaluate(epoch.network, split).loss
    assert epoch.validation.loss == pytest.approx(squared, rel=1e-5)
    assert epoch.validation.loss != pytest.approx(entropy, rel=1e-2)
    assert epoch.train.loss == pytest.approx(squared, rel=0.2)


def test_patience_stops_when_the_validation_error_no_longer_falls(small_recipe: Recipe, small_data: Dataset) -> None:
    recipe = with_leaves(small_recipe, {"rate": 1e-8, "average": 0.0, "epochs": 50, "patience": 3})
    epochs = list(fit(recipe, dataset=small_data))
    scores = [epoch.validation for epoch in epochs]
    best = min(range(len(scores)), key=lambda place: (scores[place].misses, scores[place].loss))  # type: ignore[union-attr]
    assert len(epochs) == best + 1 + 3 or len(epochs) == 50
    assert len(epochs) < 50 or best > 46


def test_the_best_network_by_validation_is_kept(small_recipe: Recipe, small_data: Dataset) -> None:
    recipe = with_leaves(small_recipe, {"rate": 0.3, "average": 0.0, "schedule": "constant", "epochs": 8})
    training = Training(recipe, hold_out(recipe, small_data))
    states, scores = [], []
    for epoch in training.epochs(lambda: False):
        assert epoch.validation is not None
        states.append({name: tensor.clone() for name, tensor in epoch.network.state_dict().items()})
        scores.append((epoch.validation.misses, epoch.validation.loss))
    best = min(range(len(scores)), key=scores.__getitem__)
    assert best != len(scores) - 1, "the last epoch is the best: this run shows nothing"
    for name, tensor in training.kept_network().state_dict().items():
        assert torch.equal(tensor, states[best][name])


def test_a_loss_that_is_no_number_is_said(small_recipe: Recipe, small_data: Dataset) -> None:
    wild = {"optimiser": "sgd", "rate": 100.0, "warmup": 0.0, "momentum": 0.99, "label_smoothing": 0.1, "epochs": 200}
    with pytest.raises(InputError, match=r"diverged in epoch 1 \(.* try a rate below 100"):
        list(fit(with_leaves(small_recipe, wild), dataset=small_data))


@pytest.mark.parametrize("wrong", [{"engine": "halide2"}, {"device": "gpu"}])
def test_an_unknown_engine_or_device_is_refused_before_anything_runs(
    small_recipe: Recipe, small_data: Dataset, wrong: dict[str, str]
) -> None:
    with pytest.raises(InputError, match="unknown"):
        next(fit(small_recipe, dataset=small_data, **wrong))  # type: ignore[arg-type]
