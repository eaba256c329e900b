"""The batch engine's chunks and groups change no result. `test_contract` holds what every engine promises.

pytest tests/engines/test_batch_engine.py
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from lenet.data import Dataset, Split
from lenet.data.augment import Augmentation
from lenet.engines.engine import Engine
from lenet.engines.halide.batch.engine import BatchEngine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.models.modules import ConvolutionModule
from lenet.models.network import Network, build
from tests.engines.beside import distance, same_state

CPU = torch.device("cpu")
INDEX = np.array([3, 1, 4, 15, 9])
DISTORTED = Augmentation(shift=2, rotation=30, elastic=0.5)
METHODS = {
    "sgd": Method(),
    "momentum": Method(momentum=0.9, weight_decay=0.01),
    "distorted": Method(),
    "1998": Method(loss="map", rubbish=80.0, momentum=0.5),
}
RATES = {"sgd": 0.1, "momentum": 0.1, "distorted": 0.1, "1998": 0.002}


def small_network(**options: object) -> Network:
    usual = {"input_size": 8, "maps": [2], "kernels": [3], "hidden": [6], "classes": 3}
    return build("lenet5", **usual | options)  # type: ignore[arg-type]


def network_of_1998() -> Network:
    """Return a small network of 1998 with a weight for every connection, even those that its table leaves out."""
    network = build("lenet5-1998", input_size=16, kernels=(3, 2), hidden=(9, 84))
    torch.nn.init.uniform_(network.layers["c3"].get_parameter("weight"), -1, 1, torch.Generator().manual_seed(0))
    return network


def both(data: Dataset, method: Method, *, distorted: bool = False) -> tuple[TorchEngine, BatchEngine]:
    """Return the reference and the batch engine, made with the same weights."""
    make = network_of_1998 if method.loss == "map" else small_network
    distortion = DISTORTED.numbers if distorted else 0
    reference = TorchEngine(make(), data.train, method, CPU, distortion=distortion)
    return reference, BatchEngine(make(), data.train, method, CPU, distortion=distortion)


def step(engine: Engine, number: int, name: str, batch: int = 32) -> None:
    """Take step `number`, with `batch` pictures, by the method `name`; the number decides pictures and distortions."""
    index = np.arange(number * 5, number * 5 + batch) % 320
    distortions = DISTORTED.draw(batch, 8, np.random.default_rng(number))
    engine.learn(index, distortions if name == "distorted" else None, [RATES[name]])


@pytest.mark.parametrize("count", [1, 31, 33, 63])
def test_a_ragged_batch_is_torchs(small_data: Dataset, count: int) -> None:
    """It follows a full batch, which must leave nothing behind."""
    reference, made = both(small_data, METHODS["momentum"])
    for engine in (reference, made):
        step(engine, 0, "momentum", batch=64)
        step(engine, 1, "momentum", batch=count)
    assert distance(made.network, reference.network) <= 1e-5
    assert made.tally().count == 64 + count
    assert made.tally().misses == reference.tally().misses


@pytest.mark.parametrize("count", [544, 512, 33, 1])
def test_a_batch_of_more_chunks_than_groups_is_torchs(small_data: Dataset, count: int) -> None:
    """There are 16 groups and chunks of 32: 544 pictures make 9 groups of 2 chunks, and 512 make 16 groups of 1."""
    reference, made = both(small_data, Method(batch=544))
    for engine in (reference, made):
        engine.learn(np.arange(count) % 320, None, [0.1])
    assert made.tally().loss == pytest.approx(reference.tally().loss, rel=1e-5)
    assert made.tally().misses == reference.tally().misses
    assert distance(made.network, reference.network) <= 1e-5


def test_batches_of_one_picture_are_torchs(small_data: Dataset) -> None:
    reference, made = both(small_data, Method(batch=1))
    for number in range(20):
        for engine in (reference, made):
            engine.learn(INDEX[number % 5][None], None, [0.01])
    assert distance(made.network, reference.network) <= 1e-5
    assert made.tally().loss == pytest.approx(reference.tally().loss, rel=1e-5)


def test_what_a_table_leaves_out_is_never_learned(small_data: Dataset) -> None:
    made = both(small_data, METHODS["1998"])[1]
    for number in range(10):
        step(made, number, "1998")
    c3, before = made.network.layers["c3"], network_of_1998().layers["c3"]
    assert isinstance(c3, ConvolutionModule)
    assert c3.connected is not None
    assert torch.equal(c3.weight != before.get_parameter("weight"), c3.connected.expand_as(c3.weight))


@pytest.mark.parametrize("name", ["momentum", "distorted"])
@pytest.mark.parametrize("count", [1, 5, 33])
def test_what_lies_in_the_buffers_does_not_matter(small_data: Dataset, name: str, count: int) -> None:
    """Not even NaN matters in the memory of the gradients."""
    first, second = (both(small_data, METHODS[name], distorted=name == "distorted")[1] for _ in range(2))
    for engine, byte in ((first, 0x00), (second, 0xFF)):
        engine._gradients.view(np.uint8)[...] = byte
        step(engine, 0, name, batch=count)
    assert same_state(first, second)
    assert all(tensor.isfinite().all() for tensor in first.state().values())


TRAIN = """
import hashlib
import numpy as np
import torch
from lenet.data import Split
from lenet.data.augment import Augmentation
from lenet.engines.method import Method
from lenet.engines.halide.batch.engine import BatchEngine
from lenet.models.network import build


def train():
    random, augmentation = np.random.default_rng(0), Augmentation(shift=2, rotation=30, elastic=0.5)
    split = Split(random.integers(0, 256, (320, 1, 8, 8), dtype=np.uint8), random.integers(0, 3, 320))
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3)
    method = Method(optimiser="adamw", momentum=0.9, average=0.75, batch=150)
    engine = BatchEngine(network, split, method, torch.device("cpu"), distortion=augmentation.numbers)
    for count in (150, 70) * 10:
        distortions = augmentation.draw(count, 8, random)
        engine.learn(random.permutation(320)[:count], distortions, [0.01])
    return b"".join(tensor.numpy().tobytes() for tensor in engine.state().values())

print(*[hashlib.sha256(train()).hexdigest() for _ in range(2)])
"""


def test_no_number_of_threads_changes_a_bit() -> None:
    """A second run changes none either. The batches have 5 and 3 chunks, each of them a group."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", TRAIN],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"HL_NUM_THREADS": threads},
        )
        for threads in ("1", "2")
    ]  # fmt: skip
    (told, errors), (told_of_two, errors_of_two) = (run.communicate(timeout=120) for run in runs)
    assert (errors, errors_of_two) == ("", "")
    assert set(told_of_two.split()) == {told.split()[0]} == set(told.split())


def test_pictures_smaller_than_the_input_are_framed(small_data: Dataset) -> None:
    """Every row of such a picture starts a new word too."""
    split = Split(np.ascontiguousarray(small_data.train.pictures[:, :, 1:, :5]), small_data.train.labels)
    reference, made = both(Dataset("cut", split, split, small_data.classes), METHODS["sgd"])
    for engine in (reference, made):
        step(engine, 0, "sgd")
    assert distance(made.network, reference.network) <= 1e-5
