"""A training runs on the engine and the device that suit it, and is told why if others might be expected.

pytest tests/engines/test_choose.py
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest
import torch

from lenet.engines.choose import CPU, Choice, choose_device, choose_engine
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine
from lenet.errors import InputError
from lenet.models.spec import Spec
from lenet.models.zoo import MODELS, specify

BATCHES = Method()
SDLM = Method(loss="map", rubbish=10.0, optimiser="sdlm", damping=0.4, batch=1)

needs_halide = pytest.mark.skipif(not find_spec("halide"), reason="halide is not installed")


def small(**options: Any) -> Spec:
    usual: dict[str, Any] = {"input_size": 8, "maps": [2], "kernels": [3], "hidden": [6], "classes": 3}
    return specify("lenet5", **usual | options)


def chosen(choice: Choice) -> tuple[str, torch.device, str]:
    return choice.engine.__name__, choice.device, choice.why


@needs_halide
def test_the_kernels_come_first_on_the_cpu() -> None:
    assert chosen(choose_engine("auto", "cpu", small(), BATCHES)) == ("BatchEngine", CPU, "")
    assert chosen(choose_engine("halide", "auto", small(), BATCHES)) == ("BatchEngine", CPU, "")
    assert chosen(choose_engine("torch", "cpu", small(), BATCHES)) == ("TorchEngine", CPU, "")
    of_1998 = specify("lenet5-1998")
    assert chosen(choose_engine("auto", "cpu", of_1998, replace(SDLM, optimiser="sgd", batch=64)))[0] == "BatchEngine"


@needs_halide
@pytest.mark.parametrize("model", MODELS)
def test_every_model_and_method_has_kernels(model: str) -> None:
    """Single pictures have an engine of their own, but only for methods without further arrays."""
    spec = specify(model)
    for method in (Method(batch=1), SDLM):
        assert chosen(choose_engine("auto", "cpu", spec, method)) == ("OnlineEngine", CPU, "")
    more = {"momentum": 0.9}, {"weight_decay": 0.1}, {"average": 0.9}, {"optimiser": "adamw"}
    for method in (BATCHES, replace(SDLM, batch=2), *(Method(batch=1, **fields) for fields in more)):
        assert chosen(choose_engine("auto", "cpu", spec, method)) == ("BatchEngine", CPU, "")


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """Pretend that there is an accelerator, and return it."""
    there = torch.device("mps")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: there)
    return there


@needs_halide
def test_an_accelerator_takes_batches_but_not_single_pictures(accelerator: torch.device) -> None:
    """One picture is too little work for it, unless it is asked for by name."""
    assert chosen(choose_engine("auto", "auto", small(), BATCHES)) == ("TorchEngine", accelerator, "")
    why = "a single picture is too little work for mps"
    assert chosen(choose_engine("auto", "auto", specify("lenet5-1998"), SDLM)) == ("OnlineEngine", CPU, why)
    assert chosen(choose_engine("auto", "mps", specify("lenet5-1998"), SDLM)) == ("TorchEngine", accelerator, "")
    assert chosen(choose_engine("torch", "auto", specify("lenet5-1998"), SDLM)) == ("TorchEngine", accelerator, "")
    with_an_average = choose_engine("auto", "auto", specify("lenet5"), Method(batch=1, average=0.9))
    assert chosen(with_an_average) == ("BatchEngine", CPU, why)


@needs_halide
def test_there_are_no_kernels_for_an_accelerator(accelerator: torch.device) -> None:
    assert chosen(choose_engine("halide", "auto", small(), BATCHES)) == ("BatchEngine", CPU, "")
    for method in (BATCHES, SDLM):
        with pytest.raises(InputError, match="runs on the CPU, not on 'mps': leave out the device, or take torch"):
            choose_engine("halide", "mps", specify("lenet5-1998"), method)


def test_the_cpu_is_always_there_and_unknown_names_are_refused() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps", "xpu")
    with pytest.raises(InputError, match="unknown device 'cpuu': did you mean cpu"):
        choose_device("cpuu")
    with pytest.raises(InputError, match="unknown engine 'torc': did you mean torch"):
        choose_engine("torc", "cpu", small(), BATCHES)


def test_torch_supports_everything() -> None:
    for method in (BATCHES, SDLM):
        assert TorchEngine.supports(specify("lenet1989"), method, CPU) is None


@pytest.mark.skipif(torch.accelerator.is_available(), reason="this machine has an accelerator")
def test_an_absent_accelerator_is_said() -> None:
    with pytest.raises(InputError, match="'cuda' is not in this machine: it has cpu"):
        choose_device("cuda")
