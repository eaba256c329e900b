"""The calibration of a network: it makes an output of the softmax an honest probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from lenet.records import Range, check

BINS = 15  # of certainty, in the calibration error


@dataclass(frozen=True)
class Calibration:
    """The temperature of a network's logits, and the certainty below which its answer is not sure.

    The logits are divided by `temperature` before the softmax (Guo et al., 2017, "On Calibration of Modern Neural
    Networks"). Raises `InputError` when a value is not accepted.
    """

    temperature: Annotated[float, Range(0.01, 100)] = 1.0
    sure: Annotated[float, Range(0, 1)] = 0.0
    """the least certainty of an answer that is called sure; 0 calls all of them sure"""

    def __post_init__(self) -> None:
        check(self)


def probabilities(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return the softmax of `logits` `(N, classes)` at `temperature`, NaN where the highest logit is not finite."""
    exponents = np.exp(below_highest(logits) / temperature)
    shares: NDArray[np.float64] = exponents / exponents.sum(1, keepdims=True)
    return shares


def below_highest(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the `logits` `(N, classes)` less the highest of their row, so that no exponential of them overflows.

    The infinite logits of a diverged network give NaN.
    """
    with np.errstate(invalid="ignore"):
        below: NDArray[np.float64] = np.subtract(logits, logits.max(1, keepdims=True), dtype=np.float64)
    return below


def cross_entropy(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float = 1.0) -> float:
    """Return the mean cross-entropy in nats of `logits` `(N, classes)` at `temperature`, for `labels` `(N,)`."""
    below = below_highest(logits) / temperature
    return float((np.log(np.exp(below).sum(1)) - below[np.arange(len(labels)), labels]).mean())


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature from 0.1 to 10 with the least cross-entropy on held-out pictures.

    `logits` is `(N, classes)` and `labels` `(N,)`. As the cross-entropy has one minimum, a ternary search finds
    it. (SciPy's `minimize_scalar` would, too, but takes half a second to import.)
    """
    low, high = -1.0, 1.0  # the common logarithm of the temperature
    while high - low > 1e-4:
        one, other = low + (high - low) / 3, high - (high - low) / 3
        if cross_entropy(logits, labels, 10**one) < cross_entropy(logits, labels, 10**other):
            high = other
        else:
            low = one
    return float(10 ** ((low + high) / 2))


def calibration_error(certainties: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error, from 0 to 1, of answers with `certainties` `(N,)`, `right` or not.

    In each of 15 bins of equal width, the mean certainty is compared with the share of right answers; the result is
    the mean of the differences, weighted by the answers in the bin (Guo et al., 2017, eq. 3).
    """
    bins = np.minimum((certainties * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, certainties - right, BINS)).sum() / len(right))
