"""The second half of a training step as one pipeline: it adds up the groups' gradients and updates the parameters.

It also updates the moving average, if there is one. Memory limits its speed, so it reads each array only once, and
writes each result only once, in place.
"""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.compiled import Design
from lenet.engines.halide.processor import LANES
from lenet.engines.method import ADAM_EPSILON, ADAM_SECOND, Method

UPDATE_SETTINGS = ("optimiser", "momentum", "weight_decay", "average")  # the fields of a `Method` that matter here
PARTS = 4  # parts of every array, shared by the cores; 2 to 16 were equally fast
MULTIPLE = PARTS * 64  # every array's length is a multiple of this, so that its parts consist of whole vectors

place, part, within, count = hl.Var("place"), hl.Var("part"), hl.Var("within"), hl.Var("count")


def slots(method: Method) -> tuple[str, ...]:
    """Return the names of the arrays that the optimiser and the average need in addition to the weights."""
    if method.optimiser == "adamw":
        names: tuple[str, ...] = ("first_moment", "second_moment")
    else:
        names = ("momentum",) if method.momentum else ()
    return (*names, "average") if method.average else names


def padded_length(parameters: int) -> int:
    """Return the length of an array that holds `parameters` values, then two totals (loss, misses), then padding.

    It is the next multiple of `MULTIPLE` above `parameters + 2`, so there is always some padding.
    """
    return ((parameters + 2) // MULTIPLE + 1) * MULTIPLE


def update_pipeline(method: Method, parameters: int) -> Design:
    """Design the pipeline `(gradients [parameter, group], rate, step[, scales]) -> weights, *arrays, tally`.

    The results are changed in place. The `arrays` are those that `slots` names. `step` counts from 1. SDLM multiplies
    the rate of each parameter by its entry in `scales`; other optimisers have none. `tally` holds the sums of the
    losses and of the misses so far, in float64. `parameters` is the number of all parameters.
    """
    length = padded_length(parameters)
    gradients = hl.ImageParam(hl.Float(32), 2, "gradients")
    rate, step = hl.Param(hl.Float(32), "rate"), hl.Param(hl.Int(32), "step")
    gradients.dim(0).set_bounds(0, length)
    gradients.dim(1).set_stride(length)
    names = ("parameters", *slots(method))
    after = hl.Func("after")
    after[place] = tuple(hl.undef(hl.Float(32)) for _ in names) if len(names) > 1 else hl.undef(hl.Float(32))
    before = {name: after[place][i] if len(names) > 1 else after[place] for i, name in enumerate(names)}

    groups = hl.RDom([(0, gradients.dim(1).extent())], "groups")
    gradient = hl.Func("gradient")
    gradient[place] = hl.f32(0)
    gradient[place] += gradients[place, groups.x]

    arguments, change = [gradients, rate, step], gradient[place]
    if method.optimiser == "sdlm":
        scales = hl.ImageParam(hl.Float(32), 1, "scales")
        scales.dim(0).set_bounds(0, length)
        arguments, change = [*arguments, scales], scales[place] * change
    values = _stepped(method, before, change, rate, step)
    after[place] = tuple(values[name] for name in names) if len(names) > 1 else values["parameters"]
    after.bound(place, 0, length)
    update = after.update()
    update.split(place, part, within, length // PARTS).parallel(part).vectorize(within, LANES)
    gradient.compute_at(after, within).vectorize(place, LANES)
    gradient.update().vectorize(place, LANES)

    tally = hl.Func("tally")
    tally[count] = hl.undef(hl.Float(64))
    tally[count] += hl.f64(gradients[parameters + count, groups.x])
    tally.bound(count, 0, 2)
    tally.update().unscheduled()
    return hl.Pipeline([after, tally]), arguments


def _stepped(
    method: Method, before: dict[str, hl.Expr], gradient: hl.Expr, rate: hl.Param, step: hl.Param
) -> dict[str, hl.Expr]:
    after = (_adamw if method.optimiser == "adamw" else _sgd)(method, before, gradient, rate, step)
    if method.average:
        keep = hl.select(step == 1, hl.f32(0), hl.f32(method.average))  # the average begins as the first step's weights
        after["average"] = keep * before["average"] + (1 - keep) * after["parameters"]
    return after


def _sgd(
    method: Method, before: dict[str, hl.Expr], gradient: hl.Expr, rate: hl.Param, step: hl.Param
) -> dict[str, hl.Expr]:
    weights = before["parameters"]
    gradient = gradient + hl.f32(method.weight_decay) * weights if method.weight_decay else gradient
    if not method.momentum:
        return {"parameters": weights - rate * gradient}
    momentum = hl.f32(method.momentum) * before["momentum"] + gradient
    return {"parameters": weights - rate * momentum, "momentum": momentum}


def _adamw(
    method: Method, before: dict[str, hl.Expr], gradient: hl.Expr, rate: hl.Param, step: hl.Param
) -> dict[str, hl.Expr]:
    """Return the values after a step of AdamW (Loshchilov and Hutter 2019, algorithm 2), named as in `before`.

    The bias of the moments is corrected in the step, not in the moments that are returned. As in torch, `rate`
    multiplies the weight decay too.
    """
    keep_first, keep_second = hl.f32(method.momentum), hl.f32(ADAM_SECOND)
    first = keep_first * before["first_moment"] + (1 - keep_first) * gradient
    second = keep_second * before["second_moment"] + (1 - keep_second) * gradient * gradient
    seen_first = hl.f32(1 - hl.pow(hl.f64(method.momentum), hl.f64(step)))
    seen_second = hl.f32(1 - hl.pow(hl.f64(ADAM_SECOND), hl.f64(step)))
    weights = before["parameters"] * (1 - rate * hl.f32(method.weight_decay))
    weights -= rate * (first / seen_first) / (hl.sqrt(second / seen_second) + hl.f32(ADAM_EPSILON))
    return {"parameters": weights, "first_moment": first, "second_moment": second}
