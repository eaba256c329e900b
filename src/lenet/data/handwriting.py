"""The data set `handwriting`: MNIST, the same digits by other pens, digits of other countries, and what is no digit.

All of it is made by program from MNIST and from random numbers. It is for a network that reads the digits of anybody,
drawn, scanned or photographed, and that says so if there is no digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lenet.data.catalogue import CATALOGUE, NO_DIGIT
from lenet.data.dataset import Dataset, Split
from lenet.data.normalise import SIDE, as_digit
from lenet.data.strokes import DIGITS, LETTERS, SYMBOLS, doodle, drawn, scribble, shape, texture

Pictures = NDArray[np.uint8]
Draw = Callable[[Pictures, np.random.Generator], Image.Image]
"""a function that draws a picture, dark on light, from digits `(N, 28, 28)` of MNIST and random numbers"""


def load_handwriting(mnist: Dataset) -> Dataset:
    """Return the data set `handwriting`, made from `mnist`: eleven classes, the last of which is `NO_DIGIT`.

    The training set is MNIST's, plus (as shares of its size) a third `redrawn` with other pens, a tenth of the `DIGITS`
    of other countries, and a quarter of `RUBBISH`. The test set is MNIST's plus a fifth of rubbish. It takes a minute.
    """
    random = np.random.default_rng(0)
    train, test = mnist.train, mnist.test
    again = random.permutation(len(train))[: len(train) // 3]
    foreign = random.choice(list(DIGITS), len(train) // 10)
    parts = [
        train,
        _split([redrawn(picture, random) for picture in train.pictures[again, 0]], train.labels[again]),
        _split([drawn(str(random.choice(DIGITS[digit])), random) for digit in foreign], foreign),
        _rubbish(train, len(train) // 4, random),
    ]
    return replace(
        mnist,
        name="handwriting",
        train=_joined(parts),
        test=_joined([test, _rubbish(test, len(test) // 5, np.random.default_rng(1))]),
        classes=CATALOGUE["handwriting"].classes,
        rubbish_class=NO_DIGIT,
    )


def redrawn(picture: Pictures, random: np.random.Generator) -> Image.Image:
    """Return a digit `(28, 28)` of MNIST drawn with another pen, at another size, in black on white.

    The pen is thinner or thicker, the edges are smooth or in steps, and the size is that of a drawing in a paint
    program, a canvas or a scan.
    """
    large = Image.fromarray(picture).resize((4 * SIDE, 4 * SIDE), Image.Resampling.BICUBIC)
    level = float(random.uniform(60, 200))
    strokes = large.point(lambda value: 255 if value > level else 0)
    if random.random() < 0.4:
        strokes = strokes.filter(ImageFilter.MaxFilter(int(random.choice([3, 5, 7]))))
    side = int(random.choice([20, 24, 28, 36, 56, 112]))
    step = random.random() < 0.5
    resampling = Image.Resampling.NEAREST if step else Image.Resampling.BOX
    return strokes.resize((side, side), resampling).point(lambda value: 255 - value)


def _sign(signs: tuple[str, ...]) -> Draw:
    return lambda _, random: drawn(str(random.choice(signs)), random)


def _several(digits: Pictures, random: np.random.Generator) -> Image.Image:
    """Draw two to five digits side by side, or in two rows."""
    across, down = int(random.integers(1, 5)), int(random.integers(1, 3))
    chosen = digits[random.integers(0, len(digits), (down, across + (down == 1)))]
    rows = [np.concatenate(list(row[:, :, 2:26]), axis=1) for row in chosen]
    page = np.pad(np.concatenate(rows, axis=0), 2)  # a digit at the edge would be taken for a shadow
    return Image.fromarray(255 - page)


def _struck_out(digits: Pictures, random: np.random.Generator) -> Image.Image:
    """Draw two digits on top of each other, one of them turned by a quarter."""
    one, other = digits[random.integers(0, len(digits), 2)]
    return Image.fromarray(255 - np.maximum(one, np.rot90(other)))


RUBBISH: tuple[tuple[float, Draw], ...] = (
    (0.30, _sign(LETTERS)),
    (0.22, _sign(SYMBOLS)),
    (0.12, lambda _, random: doodle(random)),
    (0.10, lambda _, random: scribble(random)),
    (0.06, lambda _, random: shape(random)),
    (0.08, lambda _, random: texture(random)),
    (0.08, _several),
    (0.04, _struck_out),
)
"""what people show that is no digit, each kind with its share"""


def _rubbish(digits: Split, count: int, random: np.random.Generator) -> Split:
    """Return `count` pictures of no digit, some of them made of `digits`, drawn with `random`."""
    kinds = random.choice(len(RUBBISH), count, p=[share for share, _ in RUBBISH])
    pictures = [RUBBISH[kind][1](digits.pictures[:, 0], random) for kind in kinds]
    return _split(pictures, np.full(count, CATALOGUE["handwriting"].classes.index(NO_DIGIT)))


def _split(images: list[Image.Image], labels: NDArray[np.int64]) -> Split:
    """Return `images` as `as_digit` makes them, with their `labels`."""
    return Split(np.stack([as_digit(image) for image in images])[:, None], labels.astype(np.int64))


def _joined(parts: list[Split]) -> Split:
    return Split(np.concatenate([part.pictures for part in parts]), np.concatenate([part.labels for part in parts]))
