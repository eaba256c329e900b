"""The training step for a single picture as one pipeline: from the pixels to the updated parameters.

It runs on one core. A step of the papers' networks takes about a tenth of a millisecond or less, too little to share
out, and the next step needs its result.
"""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.compiled import Design
from lenet.engines.halide.form import Form
from lenet.engines.halide.indices import flat_index
from lenet.engines.halide.online.connection import Codes, Connection
from lenet.engines.halide.online.loss import loss_of
from lenet.engines.halide.online.plan import PicturePlan
from lenet.engines.halide.online.planes import Planes, framed, whole
from lenet.engines.halide.online.stage import Largest, Mean, Stage
from lenet.engines.halide.plan import Gradient
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.walk import Kinds, lower
from lenet.engines.method import Method

KINDS: Kinds[Stage | Connection | Codes] = Kinds(Stage, Largest, Mean, Connection, Codes)

place, count = hl.Var("place"), hl.Var("count")


def step_pipeline(form: Form, method: Method) -> Design:
    """Design the pipeline `(parameters, scales, pictures, labels, number, rate) -> updated, tally`.

    The results are changed in place. `updated` must share the memory of `parameters`. That is safe: apart from the
    updates themselves, everything that needs the old weights is computed and stored before the first of them changes.
    The step learns from picture `number` of `pictures` `(n, C, H, W)`, which are scaled input in float32. It subtracts
    from each parameter the gradient with respect to it, times `rate`, times the parameter's entry in `scales`. The loss
    and the miss are added to `tally`, in float64.
    """
    parameters, scales = (hl.ImageParam(hl.Float(32), 1, name) for name in ("parameters", "scales"))
    pictures, labels = hl.ImageParam(hl.Float(32), 4, "pictures"), hl.ImageParam(hl.Int(32), 1, "labels")
    number, rate = hl.Param(hl.Int(32), "number"), hl.Param(hl.Float(32), "rate")
    for array in (parameters, scales):
        array.dim(0).set_min(0)
    stride = 1
    for dimension, extent in enumerate(reversed(form.inputs)):
        pictures.dim(dimension).set_bounds(0, extent).set_stride(stride)
        stride *= extent
    plan = PicturePlan(parameters)
    units = Planes(_picture(pictures, number, form), form.inputs)
    layers = lower(form.layers, KINDS, plan)
    for layer in layers:
        units = layer.forward(units)
    gradient, loss, miss = loss_of(units, labels[number], method, plan)
    for layer in reversed(layers):
        gradient = layer.backward(gradient)
    updated, tally = hl.Func("updated"), hl.Func("tally")
    updated[place] = hl.undef(hl.Float(32))
    for turn, block in enumerate(plan.gradients):
        _update(updated, turn, block, parameters, scales, rate)
    updated.bound(place, 0, form.stored)
    tally[count] = hl.undef(hl.Float(64))
    tally[count] += hl.select(count == 0, hl.f64(loss), hl.f64(miss))
    tally.bound(count, 0, 2)
    tally.update().unscheduled()
    arguments = [parameters, scales, pictures, labels, number, rate]
    return hl.Pipeline([updated, tally]), arguments


def _picture(pictures: hl.ImageParam, number: hl.Param, form: Form) -> hl.Func:
    *_, width = form.inputs

    def pixel(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return pictures[hl.min(x, width - 1) if width % LANES else x, y, m, number]

    return framed("input", pixel, form.inputs, whole(width))


def _update(
    updated: hl.Func, turn: int, block: Gradient, parameters: hl.ImageParam, scales: hl.ImageParam, rate: hl.Param
) -> None:
    """Move one `block` of parameters down its gradient, as update number `turn` of `updated`.

    The update is vectorised; the last vector may be incomplete. It reads `parameters` rather than `updated`, because
    Halide would assume that the output is aligned.
    """
    r = hl.RDom([(0, extent) for extent in block.extents], "r")
    axes = [r[axis] for axis in range(len(block.extents))]
    at = block.offset + flat_index(axes, block.extents)
    updated[at] = parameters[at] - rate * scales[at] * block.value(*axes)
    update = updated.update(turn)
    outer, inner = hl.RVar("outer"), hl.RVar("inner")
    update.split(r[0], outer, inner, LANES, hl.TailStrategy.GuardWithIf)
    update.allow_race_conditions().vectorize(inner)  # no two lanes write to the same element
