"""The 1,797 digits that come with scikit-learn, so that everything works without a download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lenet.data.catalogue import CATALOGUE
from lenet.data.dataset import Dataset, Split, fingerprint, stratified

BRIGHTEST = 16  # the highest level of the 8x8 originals
DIGIT = 20  # the side of MNIST's digits, in pixels
MARGIN = 4  # pixels of background on each side, up to 28x28


def load_digits() -> Dataset:
    """Return the data set of 1,437 training and 360 test pictures `(N, 1, 28, 28)` uint8, in a fixed, stratified split.

    The 8x8 originals become 20x20 (bicubic) in the centre of 28x28, like MNIST's digits (1998 paper, section III.A).
    They come from E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998.
    """
    from sklearn import datasets

    originals = datasets.load_digits()
    labels = originals.target.astype(np.int64)
    images = np.stack([_enlarge(original) for original in originals.images])
    whole = Split(images[:, None], labels)
    classes = CATALOGUE["digits"].classes
    train, test = stratified(labels, 0.2, 0, "digits", classes)
    return Dataset(
        name="digits",
        train=whole.take(train),
        test=whole.take(test),
        classes=classes,
        background="either",
        sources={"digits": fingerprint(whole)},
    )


def _enlarge(original: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return an 8x8 `original` at 28x28.

    Pillow resamples 8-bit pictures with whole numbers, so the result is the same on every machine.
    """
    from PIL import Image

    levels = np.round(original * (255 / BRIGHTEST)).astype(np.uint8)
    enlarged = Image.fromarray(levels).resize((DIGIT, DIGIT), Image.Resampling.BICUBIC)
    return np.pad(np.asarray(enlarged), MARGIN)
