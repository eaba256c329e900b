"""The classifiers of Fig. 9 (section III.C of the 1998 paper) and the three kinds of pictures that they read.

A classifier is an estimator of scikit-learn or, for a network trained by back-propagation, a `Recipe` of ours.
"""

from __future__ import annotations

from collections.abc import Callable
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
from lenet.data.digits import DIGIT, MARGIN
from lenet.data.warp import warp
from lenet.inference.evaluate import evaluate
from lenet.models.architecture import Architecture
from lenet.models.initialise import Initialisation
from lenet.models.layers import FullConnection, Layer
from lenet.models.lenet1 import LENET1
from lenet.records import with_leaves
from lenet.training.fit import fit
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES

Pictures = NDArray[np.uint8]  # (N, 1, H, W)
Floats = NDArray[np.float64]

SMALL_DIGIT = 16  # pixels along each side of a digit for LeNet-1
CHUNK = 10_000  # pictures deslanted at a time, so that they fit in memory as float64


def regular(pictures: Pictures) -> Pictures:
    """Return the pictures as MNIST has them, 28x28."""
    return pictures


def deslanted(pictures: Pictures) -> Pictures:
    """Shift every line sideways until the principal axis is vertical, then crop to 20x20 (section III.A).

    The axis is that of the second moments, with ink counted as 1 and background as 0, around the centre of mass.
    """
    return np.concatenate([_deslanted(pictures[start : start + CHUNK]) for start in range(0, len(pictures), CHUNK)])


def _deslanted(pictures: Pictures) -> Pictures:
    height, width = pictures.shape[2:]
    levels = torch.from_numpy(pictures).double()
    lines, columns = _coordinates(height)[:, None], _coordinates(width)
    mass = _total(levels).clamp_min(1)
    line, column = _total(levels * lines) / mass, _total(levels * columns) / mass
    lines, columns = lines - line[:, None, None, None], columns - column[:, None, None, None]
    slant = _total(levels * lines * columns) / _total(levels * lines**2).clamp_min(1e-9)
    one, zero = torch.ones_like(slant), torch.zeros_like(slant)
    shear = torch.stack([one, slant, -slant * line, zero, one, zero], 1)
    upright = warp(levels, shear)[..., MARGIN : MARGIN + DIGIT, MARGIN : MARGIN + DIGIT]
    return upright.round().to(torch.uint8).numpy()


def _coordinates(side: int) -> torch.Tensor:
    """Return the coordinates of the middles of `side` pixels, from -1 to 1 over the picture, as in `warp`."""
    return (2 * torch.arange(side, dtype=torch.float64) + 1) / side - 1


def _total(levels: torch.Tensor) -> torch.Tensor:
    """Return the sum of `levels` over each picture, `(N,)`."""
    return levels.sum((1, 2, 3))


def reduced(pictures: Pictures) -> Pictures:
    """Scale the digits from 20x20 to 16x16 in the middle of 28x28, for LeNet-1; bilinear with anti-aliasing."""
    whole = pictures.shape[-1]
    side = round(whole * SMALL_DIGIT / DIGIT)
    small = F.interpolate(torch.from_numpy(pictures), [side, side], mode="bilinear", antialias=True)
    return F.pad(small, [(whole - side) // 2] * 4).numpy()


INPUTS: dict[str, Callable[[Pictures], Pictures]] = {"28x28": regular, "deslant": deslanted, "16x16": reduced}


def prepared(dataset: Dataset, inputs: str) -> Dataset:
    """Return `dataset` with its pictures made into the form that `inputs` names in `INPUTS`."""
    change = INPUTS[inputs]
    train, test = (Split(change(split.pictures), split.labels) for split in (dataset.train, dataset.test))
    return replace(dataset, train=train, test=test)


def pairwise_linear() -> OneVsOneClassifier:
    """Return 45 units, each fitted to +1 on one class and -1 on another; a class has the votes of its nine units.

    The paper adds up the squashed outputs of the units; here the signs of the outputs are added up.
    """
    return OneVsOneClassifier(RidgeClassifier())


def nearest() -> KNeighborsClassifier:
    """Return a classifier that takes the votes of the three nearest training pictures."""
    return KNeighborsClassifier(3, algorithm="brute")


def pca_quadratic() -> Pipeline:
    """Return a linear classifier of 821 inputs: 40 principal components, their 780 products by twos, and 1.

    The squares are left out, because only then are there 821 inputs.
    """
    return make_pipeline(PCA(40), PolynomialFeatures(2, interaction_only=True), RidgeClassifier())


class GaussianUnits(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # both untyped
    """Radial basis functions: for each class the Gaussians around the means of adaptive (mini-batch) k-means.

    The Gaussians of a class have one variance in all directions. It is the mean squared distance of the class's
    training pictures to the nearest of these means. That is a guess, as the paper gives no variance.
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
        """Return the values of the Gaussians, `(N, classes * units)`."""
        distances = euclidean_distances(levels, self.means_, squared=True)
        units: Floats = np.exp(-distances / (2 * self.variances_))
        return units


def rbf_network(seed: int, ridge: float = 1e-3) -> Pipeline:
    """Return 1,000 Gaussians and a linear layer, fitted by a pseudo-inverse; the paper does not give its `ridge`."""
    return make_pipeline(GaussianUnits(seed=seed), RidgeClassifier(alpha=ridge))


def polynomial_svm() -> Pipeline:
    """Return a support-vector machine whose kernel is the fourth power of the cosine between two pictures."""
    return make_pipeline(Normalizer(), SVC(C=10, kernel="poly", degree=4, gamma=1, cache_size=2000))


@dataclass(frozen=True)
class FullyConnected(Architecture):
    """A network without feature maps: hidden layers and an output, all of them full connections.

    Its stages (maps, kernels) have no meaning.
    """

    def layers(self, channels: int, classes: int) -> tuple[Layer, ...]:
        layers: list[Layer] = []
        shape = (channels, self.input_size, self.input_size)
        for number, units in enumerate(self.hidden, 1):
            layers.append(FullConnection(f"f{number}", shape, units, self.activation))
            shape = layers[-1].outputs
        return (*layers, FullConnection("output", shape, classes, self.activation))


def fully_connected(
    *hidden: int, seed: int, input_size: int = 28, initialisation: Initialisation = "lecun1998"
) -> Recipe:
    """Return the recipe of a network of full connections: LeNet-5's, with squared errors against +1 and -1.

    That is appendix C with mu = 0.02, 20 passes by single pictures, five rates, scaled tanh in every layer, and initial
    weights within 2.4 / F. Without `hidden` layers it is the linear classifier, which the paper describes with "sigmoid
    units" and "gradient descent learning".
    """
    network = FullyConnected(
        input_size=input_size, maps=(1,), kernels=(1,), activation="scaled-tanh", hidden=hidden, output="squashed"
    )
    return squared_error(network, seed, initialisation=initialisation)


def lenet1(seed: int, **changes: Any) -> Recipe:
    """Return the recipe of LeNet-1: LeNet-5's, with its initial weights, but with the squared error.

    Its rate is the best of those that were tried on held-out pictures (`choose`). `changes` are other leaves.
    """
    return squared_error(LENET1, seed, **{"rate": 0.004, **changes})


def squared_error(network: Architecture, seed: int, **changes: Any) -> Recipe:
    """Return LeNet-5's recipe for `network`, with the squared error and the paper's mu; `changes` are other leaves."""
    usual = RECIPES["lecun1998"]
    method = replace(usual.method, loss="squared-error", damping=0.02)
    return with_leaves(replace(usual, network=network, method=method, seed=seed), changes)


def error(classifier: Any, dataset: Dataset) -> float:
    """Return a classifier's test error in percent, once it has learned from all the training pictures."""
    if isinstance(classifier, Recipe):
        *_, last = fit(classifier, dataset=dataset)
        return evaluate(last.network, dataset.test).error
    train, test = dataset.train, dataset.test
    predictions = classifier.fit(_levels(train.pictures), train.labels).predict(_levels(test.pictures))
    return float(100 * (predictions != test.labels).mean())


def _levels(pictures: Pictures) -> Floats:
    """Return the levels `(N, pixels)`, from 0 for background to 1 for ink."""
    return pictures.reshape(len(pictures), -1) / 255
