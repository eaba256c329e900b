"""What many tests share: small pictures that can be learned, and recipes that learn them in a moment."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import settings

from lenet.data import Dataset, Split
from lenet.models import Architecture
from lenet.training.recipe import Recipe

settings.register_profile("unhurried", deadline=None)  # how long an example takes says nothing on a shared machine
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def cpu_engine() -> str:
    """What `auto` takes on the CPU of this machine."""
    return "halide" if find_spec("halide") else "torch"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Networks this small gain nothing by a second thread, and lose a factor of ten to it on a busy machine."""
    torch.set_num_threads(1)


def stripes(count: int, seed: int) -> Split:
    """8x8 pictures of three classes: a bright row, column or diagonal, in noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % 3
    images = random.integers(0, 60, (count, 1, 8, 8), dtype=np.uint8)
    for image, label, place in zip(images, labels, random.integers(0, 8, count), strict=True):
        if label == 0:
            image[0, place] = 255
        elif label == 1:
            image[0, :, place] = 255
        else:
            np.fill_diagonal(image[0], 255)
    return Split(images, labels)


@pytest.fixture(scope="session")
def small_data() -> Dataset:
    """320 pictures to learn from, 90 to test on."""
    return Dataset("stripes", stripes(320, 1), stripes(90, 2), ("row", "column", "diagonal"), sources={"made": "here"})


@pytest.fixture(scope="session")
def small_recipe() -> Recipe:
    """Everything that has a state is in use: momentum, averaging, distortions, a schedule, validation, the best."""
    from lenet.data.augment import Augmentation

    return Recipe(
        validation=0.2,
        network=Architecture(input_size=8, maps=(2,), kernels=(3,), hidden=(6,)),
        augmentation=Augmentation(shift=1, rotation=5),
        optimiser="adamw",
        rate=0.01,
        momentum=0.9,
        weight_decay=0.01,
        schedule="cosine",
        warmup=0.2,
        batch=13,
        epochs=3,
        average=0.9,
        keep="best",
    )
