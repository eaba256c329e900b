"""How good a network is on pictures that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from lenet.data import Dataset, Split
from lenet.data.pictures import ink_high
from lenet.engines import compute_scores
from lenet.engines.losses import Criterion
from lenet.errors import InputError
from lenet.models.network import Network


@dataclass(frozen=True)
class Score:
    """A network against labels: the mean of a loss, and how many of `count` pictures it missed."""

    loss: float
    misses: int
    count: int

    @property
    def accuracy(self) -> float:
        """The share read rightly, from 0 to 1."""
        return 1 - self.misses / self.count

    @property
    def error(self) -> float:
        """The error rate in percent."""
        return 100 * self.misses / self.count

    def as_dict(self) -> dict[str, Any]:
        return {"loss": self.loss, "accuracy": self.accuracy, "misses": self.misses, "count": self.count}


@dataclass(frozen=True, eq=False)
class Evaluation(Score):
    """A score, the certainties `(N, classes)`, float32, that it came from, and the `labels` `(N,)` of the pictures."""

    certainties: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def score(self) -> Score:
        """The score alone, without the arrays."""
        return Score(self.loss, self.misses, self.count)

    @property
    def answers(self) -> NDArray[np.int64]:
        best: NDArray[np.int64] = self.certainties.argmax(1)
        return best

    def confusion(self) -> NDArray[np.int64]:
        """How often each class (row) was answered with each (column)."""
        classes = self.certainties.shape[1]
        counts = np.bincount(self.labels * classes + self.answers, minlength=classes**2)
        return counts.reshape(classes, classes)

    def worst(self, most: int) -> NDArray[np.int64]:
        """The misses, the surest of them first, at most so many, as positions in the split."""
        wrong = np.flatnonzero(self.answers != self.labels)
        return wrong[np.argsort(-self.certainties[wrong].max(1), kind="stable")][:most]


def evaluate(
    network: Network, split: Split, *, loss: Criterion = F.cross_entropy, engine: str = "auto", repeats: int = 1
) -> Evaluation:
    """Ask the network about every picture of a split. Raises `InputError` when they do not fit each other.

    The `loss` is cross-entropy, in nats, where not another is given, such as the one that the network was trained by.
    With the engine `auto`, kernels are compiled for it when over `repeats` such evaluations this is won back.
    """
    if not len(split):
        raise InputError("there are no pictures to evaluate on")
    if split.labels.max() >= len(network.classes):
        raise InputError(
            f"the pictures have at least {split.labels.max() + 1} classes, the network knows {len(network.classes)}"
        )
    scores, labels = compute_scores(network, split.images, engine, repeats=repeats), torch.from_numpy(split.labels)
    misses = int((scores.argmax(1) != labels).sum())
    return Evaluation(float(loss(scores.double(), labels)), misses, len(split), scores.softmax(1).numpy(), split.labels)


def relabelled_test(network: Network, dataset: Dataset) -> Split:
    """The test split of a data set, labels counted and backgrounds turned as the network learned them.

    Raises `InputError` when the data set has a class that the network does not know.
    """
    for name in dataset.classes:
        if name not in network.classes:
            raise InputError(
                f"{dataset.name} has the class '{name}', but the network knows {', '.join(network.classes)}"
            )
    places = np.array([network.classes.index(name) for name in dataset.classes])
    images = dataset.test.images
    if {network.background, dataset.background} == {"light", "dark"}:  # one was turned into negatives, one was not
        images = ink_high(images, "light")
    return Split(images, places[dataset.test.labels])
