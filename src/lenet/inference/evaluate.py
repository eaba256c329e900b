"""The score of a network on pictures that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from lenet.data import Dataset, Split
from lenet.data.image import ink_high
from lenet.engines.losses import Criterion
from lenet.errors import InputError
from lenet.inference.predictor import Model, Predictor
from lenet.models.network import Network


@dataclass(frozen=True)
class Score:
    """The score of a network on labelled pictures: the mean of a loss, and the misses among `count` pictures."""

    loss: float
    misses: int
    count: int

    @property
    def accuracy(self) -> float:
        """The share of correct predictions, from 0 to 1."""
        return 1 - self.misses / self.count

    @property
    def error(self) -> float:
        """The error rate in percent."""
        return 100 * self.misses / self.count

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return {"loss": self.loss, "accuracy": self.accuracy, "misses": self.misses, "count": self.count}


@dataclass(frozen=True, eq=False)
class Evaluation(Score):
    """A score with the arrays behind it: the `probabilities` `(N, classes)`, float32, and the `labels` `(N,)`."""

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def score(self) -> Score:
        """The score alone, without the arrays."""
        return Score(self.loss, self.misses, self.count)

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The prediction for each picture, `(N,)`: its most probable class."""
        best: NDArray[np.int64] = self.probabilities.argmax(1)
        return best

    def confusion(self) -> NDArray[np.int64]:
        """Return counts `(classes, classes)` of the pictures of each class (row) predicted as each class (column)."""
        classes = self.probabilities.shape[1]
        counts = np.bincount(self.labels * classes + self.predictions, minlength=classes**2)
        return counts.reshape(classes, classes)

    def worst(self, most: int) -> NDArray[np.int64]:
        """Return the positions of at most `most` misses in the split, the most confident first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        return wrong[np.argsort(-self.probabilities[wrong].max(1), kind="stable")][:most]


def evaluate(
    model: Model | Predictor,
    split: Split,
    *,
    loss: Criterion = F.cross_entropy,
    engine: str = "auto",
    pictures: int | None = None,
) -> Evaluation:
    """Compare the predictions of `model` for every picture of `split` with the labels.

    The `loss` is cross-entropy in nats unless another is given, such as the loss of the training. It is computed in
    double precision. The `engine` is auto, halide or torch. `pictures` is the number of pictures that such networks
    will be asked about in all, by default the size of the split; with many, `auto` compiles kernels. A `Predictor` uses
    the engine that it was made with. Raises `InputError` when there are no pictures, and when network and pictures do
    not fit each other.
    """
    if not len(split):
        raise InputError("there are no pictures to evaluate on")
    asked = len(split) if pictures is None else pictures
    predictor = model if isinstance(model, Predictor) else Predictor(model, engine=engine, pictures=asked)
    known = len(predictor.spec.classes)
    if split.labels.max() >= known:
        raise InputError(f"the pictures have at least {split.labels.max() + 1} classes, the network knows {known}")
    logits = predictor.logits(split.pictures)
    misses = int((logits.argmax(1) != split.labels).sum())
    mean = float(loss(torch.from_numpy(logits).double(), torch.from_numpy(split.labels)))
    return Evaluation(mean, misses, len(split), predictor.probabilities_of(logits), split.labels)


def relabelled_test(network: Network | Predictor, dataset: Dataset) -> Split:
    """Return the test split of `dataset` with the labels and the background that `network` learned.

    Raises `InputError` when the data set has a class that the network does not know.
    """
    spec = network.spec
    for name in dataset.classes:
        if name not in spec.classes:
            raise InputError(f"{dataset.name} has the class '{name}', but the network knows {', '.join(spec.classes)}")
    places = np.array([spec.classes.index(name) for name in dataset.classes])
    pictures = dataset.test.pictures
    if {spec.background, dataset.background} == {"light", "dark"}:  # one set was inverted, the other was not
        pictures = ink_high(pictures, "light")
    return Split(pictures, places[dataset.test.labels])
