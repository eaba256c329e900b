"""The data sets that are known by name: their sources, their classes, and the hashes of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lenet.data.image import Normalisation


@dataclass(frozen=True)
class File:
    """The SHA-256 and the size of a file's decompressed content.

    Mirrors may differ in their gzip containers, but not in this content.
    """

    sha256: str
    size: int
    """the number of bytes"""


@dataclass(frozen=True)
class Entry:
    """One data set: four IDX files on several mirrors, or no files if the pictures come with a package."""

    title: str
    classes: tuple[str, ...]
    licence: str
    citation: str
    files: Mapping[str, File]
    mirrors: tuple[str, ...]
    """the addresses of folders that hold every file of `files` with `.gz` added to its name; each ends in a slash"""
    normalisation: Normalisation = "frame"


TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

NO_DIGIT = "no digit"  # the rubbish class of `handwriting`
_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_TRAIN_IMAGES = 16 + 60_000 * 28 * 28
_TRAIN_LABELS = 8 + 60_000
_TEST_IMAGES = 16 + 10_000 * 28 * 28
_TEST_LABELS = 8 + 10_000

CATALOGUE: dict[str, Entry] = {
    "digits": Entry(
        title="1,797 handwritten digits that come with scikit-learn, 8x8 enlarged to 20x20 within 28x28",
        classes=_DIGITS,
        licence="CC BY 4.0",
        citation="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
        "Repository, 1998, doi:10.24432/C50P49",
        files={},
        mirrors=(),
    ),
    "mnist": Entry(
        title="MNIST: 60,000 + 10,000 handwritten digits, 28x28",
        classes=_DIGITS,
        licence="CC BY-SA 3.0",
        citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document "
        "recognition, Proceedings of the IEEE 86(11), 1998",
        files={
            TRAIN[0]: File("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", _TRAIN_IMAGES),
            TRAIN[1]: File("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", _TRAIN_LABELS),
            TEST[0]: File("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", _TEST_IMAGES),
            TEST[1]: File("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", _TEST_LABELS),
        },
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        normalisation="digit",
    ),
    "fashion-mnist": Entry(
        title="Fashion-MNIST: 60,000 + 10,000 pictures of clothing, 28x28",
        classes=_CLOTHES,
        licence="MIT",
        citation="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine "
        "learning algorithms, 2017, arXiv:1708.07747",
        files={
            TRAIN[0]: File("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", _TRAIN_IMAGES),
            TRAIN[1]: File("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", _TRAIN_LABELS),
            TEST[0]: File("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", _TEST_IMAGES),
            TEST[1]: File("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", _TEST_LABELS),
        },
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        ),
    ),
    "handwriting": Entry(
        title="MNIST, the same by other pens, digits of other countries, and what is no digit: all made from MNIST",
        classes=(*_DIGITS, NO_DIGIT),
        licence="CC BY-SA 3.0",
        citation="made by lenet.data.handwriting from MNIST",
        files={},
        mirrors=(),
    ),
}
