"""The classifiers of Fig. 9 (section III.C of the 1998 paper) and the three kinds of pictures that they read.

A classifier is an estimator of scikit-learn, or a `Recipe` of ours where it is a network that back-propagation trains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, PolynomialFeatures
from sklearn.svm import SVC

from lenet.data import Dataset, Split
from lenet.data.augment import warp
from lenet.models.architecture import Architecture
from lenet.models.initialise import Initialisation
from lenet.models.layers import FullConnection, Layer
from lenet.models.lenet1 import LENET1
from lenet.training.evaluate import evaluate
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

Pictures = NDArray[np.uint8]  # (N, 1, H, W)
Floats = NDArray[np.float64]

DIGIT, REDUCED = 20, 22  # pixels a side: of deslanted pictures; of 28 when a digit's 20 become 16
CHUNK = 10_000  # pictures deslanted at a time


def regular(images: Pictures) -> Pictures:
    """28x28, as MNIST has them."""
    return images


def deslanted(images: Pictures) -> Pictures:
    """Every line shifted sideways until the principal axis is vertical, then cropped to 20x20 (section III.A).

    The axis is that of the second moments, with ink counted as 1 and background as 0, around the centre of mass.
    """
    return np.concatenate([_deslanted(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)])


def _deslanted(images: Pictures) -> Pictures:
    height, width = images.shape[2:]
    levels = torch.from_numpy(images).double()
    lines, columns = _coordinates(height)[:, None], _coordinates(width)
    mass = _total(levels).clamp_min(1)
    line, column = _total(levels * lines) / mass, _total(levels * columns) / mass
    lines, columns = lines - line[:, None, None, None], columns - column[:, None, None, None]
    slant = _total(levels * lines * columns) / _total(levels * lines**2).clamp_min(1e-9)
    one, zero = torch.ones_like(slant), torch.zeros_like(slant)
    shear = torch.stack([one, slant, -slant * line, zero, one, zero], 1)
    top, left = (height - DIGIT) // 2, (width - DIGIT) // 2
    upright = warp(levels, shear)[..., top : top + DIGIT, left : left + DIGIT]
    return upright.round().to(torch.uint8).numpy()


def _coordinates(side: int) -> torch.Tensor:
    """Of the middles of so many pixels, from -1 to 1 over the picture, as `warp` counts."""
    return (2 * torch.arange(side, dtype=torch.float64) + 1) / side - 1


def _total(levels: torch.Tensor) -> torch.Tensor:
    """`(N,)`: the sum over each picture."""
    return levels.sum((1, 2, 3))


def reduced(images: Pictures) -> Pictures:
    """Digits of 16x16 instead of 20x20 in the middle of 28x28, for LeNet-1; bilinear with anti-aliasing."""
    small = F.interpolate(torch.from_numpy(images), [REDUCED, REDUCED], mode="bilinear", antialias=True)
    margin = (images.shape[-1] - REDUCED) // 2
    return F.pad(small, [margin] * 4).numpy()


INPUTS: dict[str, Callable[[Pictures], Pictures]] = {"28x28": regular, "deslant": deslanted, "16x16": reduced}


def prepared(dataset: Dataset, inputs: str) -> Dataset:
    """The data set with its pictures made into one of the `INPUTS`."""
    change = INPUTS[inputs]
    train, test = (Split(change(split.images), split.labels) for split in (dataset.train, dataset.test))
    return replace(dataset, train=train, test=test)


def pairwise_linear() -> OneVsOneClassifier:
    """45 units, each by least squares +1 on one class and -1 on another; a class has the votes of its nine units.

    The paper sums the units' outputs; those of its units are squashed, of ours the signs are summed.
    """
    return OneVsOneClassifier(RidgeClassifier())


def nearest() -> KNeighborsClassifier:
    """The class of most of the three nearest training pictures."""
    return KNeighborsClassifier(3, algorithm="brute")


def pca_quadratic() -> Pipeline:
    """A linear classifier by least squares of 821 inputs: 40 principal components, their 780 products by twos, and 1.

    The squares are left out, as only so there are 821.
    """
    return make_pipeline(PCA(40), PolynomialFeatures(2, interaction_only=True), RidgeClassifier())


class GaussianUnits(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # both untyped
    """Radial basis functions: for each class the Gaussians around the means of adaptive (mini-batch) k-means.

    A class's Gaussians have one variance in all directions: the mean squared distance of its training pictures to the
    nearest of their means, which is a guess, as the paper gives none.
    """

    def __init__(self, units: int = 100, seed: int = 0) -> None:
        self.units, self.seed = units, seed

    def fit(self, levels: Floats, labels: NDArray[np.int64]) -> GaussianUnits:
        means, variances = [], []
        for label in np.unique(labels):
            own = levels[labels == label]
            found = MiniBatchKMeans(self.units, n_init=1, random_state=self.seed).fit(own)
            means.append(found.cluster_centers_)
            variances.append(np.full(self.units, found.inertia_ / len(own)))
        self.means_, self.variances_ = np.concatenate(means), np.concatenate(variances)
        return self

    def transform(self, levels: Floats) -> Floats:
        """`(N, classes * units)`."""
        distances = euclidean_distances(levels, self.means_, squared=True)
        units: Floats = np.exp(-distances / (2 * self.variances_))
        return units


def rbf_network(seed: int, ridge: float = 1e-3) -> Pipeline:
    """1,000 Gaussians and a linear layer by a regularised pseudo-inverse, whose constant `ridge` is not given."""
    return make_pipeline(GaussianUnits(seed=seed), RidgeClassifier(alpha=ridge))


def polynomial_svm() -> Pipeline:
    """A support-vector machine whose kernel is the fourth power of the cosine between two pictures."""
    return make_pipeline(Normalizer(), SVC(C=10, kernel="poly", degree=4, gamma=1, cache_size=2000))


@dataclass(frozen=True)
class FullyConnected(Architecture):
    """A network without feature maps: the hidden layers, each of which sees all units below, then the classes.

    What an architecture says of stages has no meaning here.
    """

    def layers(self, channels: int, classes: int) -> Iterator[tuple[str, Layer]]:
        shape = (channels, self.input_size, self.input_size)
        for number, units in enumerate(self.hidden, 1):
            layer = FullConnection(shape, units, self.activation)
            yield f"f{number}", layer
            shape = layer.outputs
        yield "output", FullConnection(shape, classes, self.activation)


def fully_connected(
    *hidden: int, seed: int, input_size: int = 28, initialisation: Initialisation = "lecun1998"
) -> Recipe:
    """Scaled tanh in every layer, the squared error to +1 and -1, and of the rest what the paper says of LeNet-5.

    That is appendix C with mu = 0.02, 20 passes by single patterns, five rates, and initial weights within 2.4 / F.
    Without `hidden` layers it is the linear classifier, of "sigmoid units" and "gradient descent learning".
    """
    network = FullyConnected(
        input_size=input_size, maps=(1,), kernels=(1,), activation="scaled-tanh", hidden=hidden, output="squashed"
    )
    return squared_error(network, seed, initialisation=initialisation)


def lenet1(seed: int, **changes: Any) -> Recipe:
    """LeNet-1 with the squared error and LeNet-5's recipe, its way of drawing the first weights included.

    Its rate is the best of those that were tried on held-out pictures (`choose`).
    """
    return squared_error(LENET1, seed, **{"rate": 0.004, **changes})


def squared_error(network: Architecture, seed: int, **changes: Any) -> Recipe:
    """The recipe of LeNet-5 with the squared error, and mu as in the paper."""
    return replace(
        RECIPES["lecun1998"], **{"network": network, "seed": seed, "loss": "squared-error", "damping": 0.02, **changes}
    )


def error(classifier: Any, dataset: Dataset) -> float:
    """The test error in percent of a classifier, once it has learned from all the training pictures."""
    if isinstance(classifier, Recipe):
        *_, last = fit(classifier, dataset=dataset)
        return evaluate(last.network, dataset.test).error
    train, test = dataset.train, dataset.test
    answers = classifier.fit(_levels(train.images), train.labels).predict(_levels(test.images))
    return float(100 * (answers != test.labels).mean())


def _levels(images: Pictures) -> Floats:
    """`(N, pixels)`, 0 for background to 1 for ink."""
    return images.reshape(len(images), -1) / 255
