"""The losses in float64 are their formulas, written out, and each is a mean with the right gradient.

pytest tests/engines/test_losses.py
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lenet.engines.losses import LOSSES, make_loss
from lenet.engines.method import Method

DISTANCES = torch.tensor([[0.5, 90.0, 4.0], [120.0, 3.0, 2.5], [60.0, 70.0, 80.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 1, 2])


def by_hand(distances: Tensor, label: int, j: float) -> tuple[float, float]:
    """Return the losses of eq. 8 and eq. 9 for one picture, as they are printed."""
    y = distances.tolist()
    return y[label], y[label] + math.log(math.exp(-j) + sum(math.exp(-each) for each in y))


@pytest.mark.parametrize("j", [0.1, 1.0, 10.0, 50.0])
def test_the_losses_of_distances_are_the_papers(j: float) -> None:
    distance, posterior = (make_loss(Method(loss=loss, rubbish=j)) for loss in ("distance", "map"))
    for row, label in enumerate(LABELS.tolist()):
        expected = by_hand(DISTANCES[row], label, j)
        logits, labels = -DISTANCES[row : row + 1], LABELS[row : row + 1]
        assert (distance(logits, labels).item(), posterior(logits, labels).item()) == pytest.approx(expected, rel=1e-12)


def test_the_rubbish_class_takes_the_push_from_distances_beyond_it() -> None:
    """This is the point of eq. 9: a wrong class that is farther away than j is left where it is."""
    loss = make_loss(Method(loss="map", rubbish=5.0))
    logits = torch.tensor([[-1.0, -4.0, -60.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(logits, torch.tensor([0])), logits)
    assert gradient[0, 1] > 1e-2
    assert 0 <= gradient[0, 2] < 1e-20


def test_the_squared_error_is_of_one_and_minus_one() -> None:
    loss = make_loss(Method(loss="squared-error"))
    logits = torch.tensor([[1.0, -1.0, -1.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    assert loss(logits[:1], torch.tensor([0])).item() == 0
    assert loss(logits[1:], torch.tensor([1])).item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_a_mean_with_a_right_gradient(name: str) -> None:
    loss = make_loss(Method(loss=name, label_smoothing=0.1, rubbish=3.0))  # type: ignore[arg-type]
    logits = (-DISTANCES / 20).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, LABELS), logits)
    each = [loss(logits[row : row + 1], LABELS[row : row + 1]).item() for row in range(len(LABELS))]
    assert loss(logits, LABELS).item() == pytest.approx(sum(each) / len(each), rel=1e-12)
