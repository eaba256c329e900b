"""The fixtures that many tests share: small pictures, and a recipe that learns them in a moment."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import settings

from lenet.data import Dataset, Split
from lenet.data.augment import Augmentation
from lenet.engines.method import Method
from lenet.models.architecture import Architecture
from lenet.training.recipe import Recipe

settings.register_profile("unhurried", deadline=None)  # the time of an example says nothing on a shared machine
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Keep compiled kernels in one new folder for all processes of a test run, and not in the user's cache."""
    if "LENET_KERNELS" not in os.environ:
        folder = tempfile.mkdtemp(prefix="lenet-kernels-")
        os.environ["LENET_KERNELS"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cpu_engine() -> str:
    """The engine that `auto` takes on the CPU of this machine."""
    return "halide" if find_spec("halide") else "torch"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Use one thread: a second does not help networks this small, and slows them tenfold on a busy machine."""
    torch.set_num_threads(1)


def stripes(count: int, seed: int) -> Split:
    """Return `count` 8x8 pictures of three classes: a bright row, column or diagonal, in noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 3
    pictures = random.integers(0, 60, (count, 1, 8, 8), dtype=np.uint8)
    for picture, label, place in zip(pictures, labels, random.integers(0, 8, count), strict=True):
        if label == 0:
            picture[0, place] = 255
        elif label == 1:
            picture[0, :, place] = 255
        else:
            np.fill_diagonal(picture[0], 255)
    return Split(pictures, labels)


@pytest.fixture(scope="session")
def small_data() -> Dataset:
    """A data set with 320 pictures to learn from and 90 to test on."""
    return Dataset("stripes", stripes(320, 1), stripes(90, 2), ("row", "column", "diagonal"), sources={"made": "here"})


@pytest.fixture(scope="session")
def small_recipe() -> Recipe:
    """A recipe that uses all that has a state: momentum, average, distortions, schedule, validation and best epoch."""
    return Recipe(
        validation=0.2,
        network=Architecture(input_size=8, maps=(2,), kernels=(3,), hidden=(6,)),
        augmentation=Augmentation(shift=1, rotation=5),
        method=Method(optimiser="adamw", momentum=0.9, weight_decay=0.01, average=0.9, batch=13),
        rate=0.01,
        schedule="cosine",
        warmup=0.2,
        epochs=3,
        keep="best",
    )
