"""The predictor: it is made from a network once, and can then be asked about pictures many times."""

from __future__ import annotations

import sys
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lenet.engines.names import NOT_INSTALLED, check_engine, has_halide
from lenet.errors import InputError
from lenet.models.calibration import probabilities
from lenet.models.spec import Spec
from lenet.models.weights import WeightFile, read
from lenet.records import within

if TYPE_CHECKING:
    from lenet.models.network import Network

BULK = 5_000  # pictures: for fewer, torch has answered before the kernels are compiled

Model: TypeAlias = "str | PathLike[str] | WeightFile | Network"
"""a run folder or a .safetensors file, the content of such a file, or a network"""

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""a function from pictures `(N, C, H, W)`, not yet prepared, to logits `(N, classes)`"""


class Predictor:
    """A network that is made ready once and then answers many times, also from several threads at once.

    `model` is a run folder, a .safetensors file or a `Network`. The weights are copied when the predictor is made, so
    later training of the network does not change the answers. `engine` is halide (kernels compiled for this CPU), torch
    (on the network's device) or auto: the kernels where they can be used, unless torch has been imported already and
    `pictures`, the number of pictures expected in all, is given and below `BULK`. `threads` limits the threads of the
    kernels, from 1 to 1024. By default, it is the environment's `HL_NUM_THREADS` or, if that is unset, torch's number
    of threads (without torch, the number of cores) when the kernels were first needed; torch itself obeys
    `torch.set_num_threads`. Raises `InputError` for a model that cannot be read, an unknown engine, `threads` out of
    range, and for halide where the kernels cannot be used.

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
        source = read(model) if isinstance(model, str | PathLike) else model
        self.spec = source.spec
        self.why = "" if engine == "torch" else _why_no_kernels(source)
        if engine == "halide" and self.why:
            raise InputError(self.why)
        if engine == "auto" and not self.why and "torch" in sys.modules and pictures is not None and pictures < BULK:
            self.why = f"torch answers for fewer than {BULK:,} pictures before kernels are compiled"
        self.engine = "torch" if engine == "torch" or self.why else "halide"
        self._answer = _by_torch(source) if self.engine == "torch" else _by_kernels(source, threads)

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

        This takes the same `pictures` as `logits` and raises the same errors. A picture with a logit that is NaN, or
        whose highest logit is infinite, as in a diverged network, gets NaN for every class.
        """
        return self.probabilities_of(self.logits(pictures))

    def probabilities_of(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the softmax of the `logits` `(N, classes)` at the temperature of the network, as float32.

        It is computed in double precision.
        """
        return probabilities(logits, self.spec.calibration.temperature).astype(np.float32)


def _why_no_kernels(source: WeightFile | Network) -> str:
    """Return the reason why the compiled kernels cannot answer for `source`; an empty text if they can."""
    if not isinstance(source, WeightFile) and (device := next(source.parameters()).device).type != "cpu":
        return f"the halide engine answers on the CPU, and the network is on '{device}'"
    return "" if has_halide() else NOT_INSTALLED


def _by_kernels(source: WeightFile | Network, threads: int | None) -> Answer:
    from lenet.engines.halide.batch.answers import Answers
    from lenet.engines.halide.beforehand import compile_runtime_beforehand

    compile_runtime_beforehand()
    if isinstance(source, WeightFile):
        arrays = list(source.weights.values())
    else:
        arrays = [parameter.detach().float().numpy() for parameter in source.parameters()]
    return Answers(source.spec, np.concatenate([array.ravel() for array in arrays]), threads)


def _by_torch(source: WeightFile | Network) -> Answer:
    from lenet.inference.torch_answers import TorchAnswers

    return TorchAnswers(source.network() if isinstance(source, WeightFile) else source)


def _check(pictures: object, spec: Spec) -> None:
    if not isinstance(pictures, np.ndarray):
        raise InputError(f"pictures are of the type {type(pictures).__name__}: {_expected(spec)}")
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or 0 in pictures.shape[1:]:
        raise InputError(f"pictures are {pictures.dtype} of shape {pictures.shape}: {_expected(spec)}")
    if pictures.shape[1] != spec.channels:
        raise InputError(f"pictures of {pictures.shape[1]} channels, but the network takes {spec.channels}")


def _expected(spec: Spec) -> str:
    return f"expected a uint8 array of shape (N, {spec.channels}, H, W)"
