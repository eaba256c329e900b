"""The optimisers: SGD and AdamW from torch, and that of the 1998 paper, with their state as named tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer

from lenet.engines.method import ADAM_EPSILON, ADAM_SECOND, Method
from lenet.tensors import check_shapes


class SDLM(Optimizer):
    """Stochastic diagonal Levenberg-Marquardt: a rate for each parameter (1998, appendix C, eq. 18 to 21).

    The rate of a parameter is the global rate divided by mu + h. Here mu is `damping`, and h is the second derivative
    of the loss with respect to the parameter. `estimate` sets h, and must be called before the first step.
    """

    def __init__(self, parameters: Iterable[Tensor], damping: float) -> None:
        super().__init__(parameters, {"lr": 0.0, "damping": damping})

    def estimate(self, curvatures: Iterable[Tensor]) -> None:
        """Store `curvatures`: the second derivatives with respect to the parameters, in the same order and shapes.

        Each number must be above -`damping`, so that all rates are positive. Raises `ValueError` if there is not one
        tensor for each parameter.
        """
        for parameter, curvature in zip(_parameters(self), curvatures, strict=True):
            self.state[parameter]["curvature"] = curvature

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                damped = self.state[parameter]["curvature"] + group["damping"]
                parameter.addcdiv_(parameter.grad, damped, value=-group["lr"])


def make_optimiser(method: Method, parameters: Iterable[Tensor]) -> Optimizer:
    """Return the optimiser that `method` names, for `parameters`. Its rate is 0 until the engine sets it."""
    if method.optimiser == "sdlm":
        return SDLM(parameters, method.damping)
    if method.optimiser == "sgd":
        return SGD(parameters, lr=0.0, momentum=method.momentum, weight_decay=method.weight_decay, fused=True)
    betas = (method.momentum, ADAM_SECOND)
    return AdamW(parameters, lr=0.0, betas=betas, eps=ADAM_EPSILON, weight_decay=method.weight_decay, fused=True)


def optimiser_state(optimiser: Optimizer) -> dict[str, Tensor]:
    """Return the tensors of the state of `optimiser`, named `<number of the parameter, from 0>.<name>`.

    There are none before the first step or, for SDLM, before the first `estimate`.
    """
    return {
        f"{place}.{name}": tensor
        for place, values in optimiser.state_dict()["state"].items()
        for name, tensor in values.items()
        if tensor is not None
    }


def load_optimiser(optimiser: Optimizer, method: Method, state: Mapping[str, Tensor]) -> None:
    """Restore into `optimiser` a copy of a `state` that `optimiser_state` returned.

    Raises `InputError` if the names or shapes in `state` are not those that `method` gives; an empty `state` is
    accepted.
    """
    if state:
        check_shapes(state, _expected(optimiser, method), source="the state of the optimiser")
    values: dict[int, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        place, _, field = name.partition(".")
        values.setdefault(int(place), {})[field] = tensor.clone()
    optimiser.load_state_dict({"state": values, "param_groups": optimiser.state_dict()["param_groups"]})


def _expected(optimiser: Optimizer, method: Method) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor in the state after the first step, by name."""
    momentum = ("momentum_buffer",) if method.momentum else ()
    arrays = {"sgd": momentum, "adamw": ("exp_avg", "exp_avg_sq"), "sdlm": ("curvature",)}[method.optimiser]
    expected: dict[str, tuple[int, ...]] = {}
    for place, parameter in enumerate(_parameters(optimiser)):
        expected |= {f"{place}.{name}": tuple(parameter.shape) for name in arrays}
        if method.optimiser == "adamw":
            expected[f"{place}.step"] = ()
    return expected


def _parameters(optimiser: Optimizer) -> Iterable[Tensor]:
    return (parameter for group in optimiser.param_groups for parameter in group["params"])
