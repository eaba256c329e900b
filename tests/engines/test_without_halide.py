"""Where halide is not installed, torch does its work and says so.

pytest tests/engines/test_without_halide.py
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from lenet.engines.choose import choose_engine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError
from lenet.inference.predictor import Predictor
from lenet.models.network import Network, build


@pytest.fixture
def network() -> Network:
    return build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that halide is not installed."""
    for module in ("lenet.engines.choose", "lenet.inference.predictor"):
        monkeypatch.setattr(f"{module}.has_halide", lambda: False)


@pytest.mark.usefixtures("hidden")
def test_torch_trains_and_says_why(network: Network) -> None:
    choice = choose_engine("auto", "cpu", network.spec, Method())
    assert choice.engine is TorchEngine
    assert "not installed" in choice.why


@pytest.mark.usefixtures("hidden")
def test_who_asks_for_halide_is_told_how_to_install_it(network: Network) -> None:
    with pytest.raises(InputError, match=r"not installed here \(pip install halide"):
        choose_engine("halide", "cpu", network.spec, Method())
    with pytest.raises(InputError, match=r"not installed here \(pip install halide"):
        Predictor(network, engine="halide")


@pytest.mark.usefixtures("hidden")
def test_torch_answers_and_says_why(network: Network) -> None:
    predictor = Predictor(network)
    assert (predictor.engine, "not installed" in predictor.why) == ("torch", True)
    pictures = np.zeros((1, 1, 8, 8), np.uint8)
    with torch.no_grad():
        assert torch.equal(torch.from_numpy(predictor.logits(pictures)), network(torch.zeros(1, 1, 8, 8)))


TRAIN = """
import sys
from importlib.abc import MetaPathFinder

class Hide(MetaPathFinder):
    '''The path finder, but for halide.'''
    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] == "halide" else self.below.find_spec(name, path, target)

from importlib.machinery import PathFinder
sys.meta_path[sys.meta_path.index(PathFinder)] = hide = Hide()
hide.below = PathFinder

import numpy as np
import lenet
from lenet.data import Dataset, Split
from lenet.training.fit import Training

images = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
split = Split(images, np.arange(60) % 3)
dataset = Dataset("noise", split, split, ("a", "b", "c"))
network = lenet.Architecture(input_size=8, maps=(2,), kernels=(3,), hidden=(6,))
recipe = lenet.Recipe(network=network, epochs=2)
training = Training(recipe, dataset, device="cpu")
print(training.engine.name, "not installed" in training.why_engine)
print([epoch.epoch for epoch in lenet.fit(recipe, dataset=dataset, device="cpu")])
print(*[name for name in sys.modules if name.split(".")[0] == "halide"])
"""


def test_a_machine_without_halide_trains() -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRAIN], capture_output=True, text=True, check=False, timeout=120
    )
    assert (told.stdout, told.stderr) == ("torch True\n[1, 2]\n\n", "")
