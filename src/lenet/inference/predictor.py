"""The predictor: it is made from a network once, and can then be asked about pictures many times."""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from importlib.util import find_spec
from os import PathLike
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from lenet.engines.choose import NOT_INSTALLED, check_engine
from lenet.errors import InputError
from lenet.models.network import Network
from lenet.models.spec import Spec
from lenet.models.weights import load
from lenet.records import within

BULK = 50_000  # pictures: for fewer, torch has answered before the kernels are compiled
BATCH = 1000  # pictures that torch is asked about at a time, so that memory does not grow with their number

Model: TypeAlias = str | PathLike[str] | Network
"""a run folder, a .safetensors file, or a network"""

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""a function from pictures `(N, C, H, W)`, not yet prepared, to logits `(N, classes)`"""


class Predictor:
    """A network that is made ready once and then answers many times, also from several threads at once.

    `model` is a run folder, a .safetensors file or a `Network`. The weights are copied when the predictor is made, so
    later training of the network does not change the answers. `engine` is halide (kernels compiled for this CPU), torch
    (on the network's device) or auto: the kernels where they can be used, unless `pictures`, the number of pictures
    expected in all, is given and below `BULK`. `threads` limits the threads of the kernels, from 1 to 1024. By default,
    it is the environment's `HL_NUM_THREADS` or, if that is unset, torch's number of threads when the kernels were first
    needed; torch itself obeys `torch.set_num_threads`. Raises `InputError` for a model that cannot be read, an unknown
    engine, `threads` out of range, and for halide where the kernels cannot be used.

    `spec` describes the network, `engine` names the engine that answers, and `why` gives the reason if `auto` took
    torch (it is empty otherwise).
    """

    def __init__(
        self,
        model: Model,
        *,
        engine: str = "auto",
        threads: int | None = None,
        pictures: int | None = None,
    ) -> None:
        check_engine(engine)
        if threads is not None:
            within("threads", threads, 1, 1024)
        network = model if isinstance(model, Network) else load(os.fspath(model))
        self.spec = network.spec
        self.why = "" if engine == "torch" else _why_no_kernels(network)
        if engine == "halide" and self.why:
            raise InputError(self.why)
        if engine == "auto" and not self.why and pictures is not None and pictures < BULK:
            self.why = f"torch answers for fewer than {BULK:,} pictures before kernels are compiled"
        self.engine = "torch" if engine == "torch" or self.why else "halide"
        self._answer = _TorchAnswers(network) if self.engine == "torch" else _kernels(network, threads)

    def logits(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits `(N, classes)`, float32, for the uint8 `pictures` `(N, C, H, W)`, not yet prepared.

        Ink is high and the background is 0, as in a `Split`. The class with the highest logit is the prediction. Raises
        `InputError` for `pictures` of another type or shape, and for those that are larger than the input of a network
        that pads them.
        """
        _check(pictures, self.spec)
        return self._answer(pictures)

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities `(N, classes)`, float32, from 0 to 1, for the `pictures`.

        This takes the same `pictures` as `logits` and raises the same errors. The infinite logits of a diverged network
        give NaN.
        """
        return self.probabilities_of(self.logits(pictures))

    def probabilities_of(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the softmax of the `logits` `(N, classes)`, computed in double precision and returned as float32."""
        with np.errstate(invalid="ignore"):  # the infinite logits of a diverged network give NaN
            exponents = np.exp(np.subtract(logits, logits.max(1, keepdims=True), dtype=np.float64))
            shares: NDArray[np.float64] = exponents / exponents.sum(1, keepdims=True)
        return shares.astype(np.float32)


class _TorchAnswers:
    """An `Answer` that torch computes, `BATCH` pictures at a time, with a copy of the network on its device."""

    def __init__(self, network: Network) -> None:
        self._network = deepcopy(network)
        self._device = next(network.parameters()).device

    @torch.no_grad()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        spec = self._network.spec
        logits = np.empty((len(pictures), len(spec.classes)), np.float32)
        for start in range(0, len(pictures), BATCH):
            framed = spec.preparation.frame(pictures[start : start + BATCH], spec.architecture.input_size)
            # flat first: an axis of length 1 may have any stride, and torch rounds differently for some strides
            flat = np.require(framed.ravel(), requirements=["W"])  # torch warns of an array that is read-only
            levels = torch.from_numpy(flat).view(framed.shape).to(self._device)
            logits[start : start + BATCH] = self._network(spec.preparation.scale(levels)).cpu()
        return logits


def _why_no_kernels(network: Network) -> str:
    """Return the reason why the compiled kernels cannot answer for `network`, or an empty string if they can."""
    device = next(network.parameters()).device
    if device.type != "cpu":
        return f"the halide engine answers on the CPU, and the network is on '{device}'"
    if not find_spec("halide"):
        return NOT_INSTALLED
    from lenet.engines.halide.batch.answers import Answers

    return Answers.supports(network.spec) or ""


def _kernels(network: Network, threads: int | None) -> Answer:
    from lenet.engines.halide.batch.answers import Answers

    return Answers(network, threads)


def _check(pictures: object, spec: Spec) -> None:
    if not isinstance(pictures, np.ndarray):
        raise InputError(f"pictures are of the type {type(pictures).__name__}: {_expected(spec)}")
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or 0 in pictures.shape[1:]:
        raise InputError(f"pictures are {pictures.dtype} of shape {pictures.shape}: {_expected(spec)}")
    if pictures.shape[1] != spec.channels:
        raise InputError(f"pictures of {pictures.shape[1]} channels, but the network takes {spec.channels}")


def _expected(spec: Spec) -> str:
    return f"expected a uint8 array of shape (N, {spec.channels}, H, W)"
