"""The data set `digits`: the 1,797 digits that come with scikit-learn and need no download."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.data.catalogue import CATALOGUE
from lenet.data.dataset import Dataset, Split, fingerprint
from lenet.data.stratify import stratified

BRIGHTEST = 16  # the highest level of the 8x8 originals
DIGIT = 20  # the side of MNIST's digits, in pixels
MARGIN = 4  # pixels of background on each side, up to 28x28


def load_digits() -> Dataset:
    """Return the data set of 1,437 training and 360 test pictures `(N, 1, 28, 28)`, in a fixed, stratified split.

    The 8x8 originals are enlarged to 20x20 (bicubic) and centred in 28x28. MNIST's digits have these sizes too, but are
    centred by mass (1998 paper, section III.A). The originals are by E. Alpaydin and C. Kaynak, UCI Machine Learning
    Repository, 1998.
    """
    originals = np.loadtxt(_file(), delimiter=",")
    labels = originals[:, -1].astype(np.int64)
    levels = np.round(originals[:, :-1] * (255 / BRIGHTEST)).astype(np.uint8)
    images = np.frombuffer(b"".join(map(_enlarged, levels)), np.uint8).reshape(-1, 1, DIGIT, DIGIT)
    whole = Split(np.pad(images, ((0, 0), (0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))), labels)
    classes = CATALOGUE["digits"].classes
    train, test = stratified(labels, 0.2, 0, "digits", classes)
    return Dataset(
        name="digits",
        train=whole.take(train),
        test=whole.take(test),
        classes=classes,
        background="either",
        normalisation="digit",
        sources={"digits": fingerprint(whole)},
    )


def _file() -> Path:
    """Return the path of the originals, without importing scikit-learn, which takes a second."""
    return Path(str(distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")))


def _enlarged(levels: NDArray[np.uint8]) -> bytes:
    """Return the `levels` (0 to 255) of an 8x8 digit, row by row, enlarged to 20x20.

    Pillow resamples 8-bit pictures in integer arithmetic, so the result is the same on every machine.
    """
    from PIL import Image

    digit = Image.frombytes("L", (8, 8), levels.tobytes())
    return digit.resize((DIGIT, DIGIT), Image.Resampling.BICUBIC).tobytes()
