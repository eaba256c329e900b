"""The score of a network on labelled pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset, Split
from lenet.data.image import ink_high
from lenet.errors import InputError
from lenet.inference.predictor import Model, Predictor
from lenet.models.calibration import calibration_error, cross_entropy
from lenet.models.weights import WeightFile

if TYPE_CHECKING:
    from lenet.engines.losses import Criterion
    from lenet.models.network import Network


@dataclass(frozen=True)
class Score:
    """The score of a network on `count` labelled pictures: the mean of a `loss`, and the number of `misses`."""

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
        """Return the loss, the accuracy, the misses and the count by name, as plain numbers for JSON."""
        return {"loss": self.loss, "accuracy": self.accuracy, "misses": self.misses, "count": self.count}


@dataclass(frozen=True, eq=False)
class Evaluation(Score):
    """A score with the arrays behind it.

    They are the `predictions` `(N,)`, the `probabilities` `(N, classes)`, float32, and the `labels` `(N,)`.
    """

    predictions: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def score(self) -> Score:
        """The score alone, without the arrays."""
        return Score(self.loss, self.misses, self.count)

    def confusion(self) -> NDArray[np.int64]:
        """Return the confusion matrix `(classes, classes)`: counts by true class (row) and prediction (column)."""
        classes = self.probabilities.shape[1]
        counts = np.bincount(self.labels * classes + self.predictions, minlength=classes**2)
        return counts.reshape(classes, classes)

    @property
    def calibration_error(self) -> float:
        """The expected calibration error, from 0 to 1; see `lenet.models.calibration`."""
        return calibration_error(self.probabilities.max(1).astype(np.float64), self.predictions == self.labels)

    def worst(self, most: int) -> NDArray[np.int64]:
        """Return the positions in the split of up to `most` misses, the most confident first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        return wrong[np.argsort(-self.probabilities[wrong].max(1), kind="stable")][:most]


def evaluate(
    model: Model | Predictor,
    split: Split,
    *,
    loss: Criterion | None = None,
    engine: str = "auto",
    pictures: int | None = None,
) -> Evaluation:
    """Return the evaluation of `model` on `split`: its mean loss, its misses and its probabilities.

    `loss` takes logits `(N, classes)` in double precision and labels `(N,)`, and returns the mean over the pictures; by
    default it is the cross-entropy in nats. `engine` is auto, halide or torch. `pictures` is the number of pictures
    that networks of this form will be asked about in all, by default the size of the split; from `BULK` on, `auto`
    takes the compiled kernels wherever they can be used. A `Predictor` answers with its own engine, and `engine` and
    `pictures` are then ignored. Raises `InputError` for an empty split, for a model or an engine that cannot be used,
    for pictures that do not fit the network, and for a label too high for the classes of the network.
    """
    if not len(split):
        raise InputError("there are no pictures to evaluate on")
    asked = len(split) if pictures is None else pictures
    predictor = model if isinstance(model, Predictor) else Predictor(model, engine=engine, pictures=asked)
    known = len(predictor.spec.classes)
    if split.labels.max() >= known:
        raise InputError(f"the pictures have at least {split.labels.max() + 1} classes, the network knows {known}")
    logits = predictor.logits(split.pictures)
    predictions = logits.argmax(1)
    misses = int((predictions != split.labels).sum())
    mean, probabilities = _mean(loss, logits, split.labels), predictor.probabilities_of(logits)
    return Evaluation(mean, misses, len(split), predictions, probabilities, split.labels)


def _mean(loss: Criterion | None, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    if loss is None:
        return cross_entropy(logits, labels)
    import torch

    return float(loss(torch.from_numpy(logits).double(), torch.from_numpy(labels)))


def relabelled_test(network: WeightFile | Network | Predictor, dataset: Dataset) -> Split:
    """Return the test split of `dataset` with the labels of `network`, inverted if the network expects that.

    A label is the position of a class in `network.spec.classes`. If the network was trained on pictures stored with a
    light background and `dataset` was stored with a dark one, or the reverse, the pictures are inverted, so that the
    network sees them as `predict` would show them. Raises `InputError` when the data set has a class that the network
    does not know.
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
