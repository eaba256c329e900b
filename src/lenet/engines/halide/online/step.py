"""The step of a single picture as one pipeline: from its pixels to the parameters after it.

Nothing in it is parallel: a step takes less than a tenth of a millisecond, and the next needs what it learned.
"""

from __future__ import annotations

from math import prod

import halide as hl

from lenet.engines.halide.form import Form
from lenet.engines.halide.online.loss import loss_of
from lenet.engines.halide.online.lower import lower
from lenet.engines.halide.online.planes import Learned, Planes, Step, framed, whole
from lenet.engines.halide.processor import LANES, TARGET
from lenet.engines.halide.units import in_a_row
from lenet.engines.method import Method

place, count = hl.Var("place"), hl.Var("count")


class OnlinePipeline:
    """Compiled: `(parameters, scales, pictures, labels, number, rate) -> learned, tally`, the latter two in place.

    `learned` is to be the memory of `parameters`: all that needs a weight as it was is computed, and stored, before the
    first of them changes.

    The picture is the one at `number` of `pictures` `(n, C, H, W)`, float32, as the network takes them. Each parameter
    goes down its gradient by `rate` times its own of the `scales`. The loss and the miss are added to `tally`, float64.
    """

    def __init__(self, form: Form, method: Method) -> None:
        parameters, scales = (hl.ImageParam(hl.Float(32), 1, name) for name in ("parameters", "scales"))
        pictures, labels = hl.ImageParam(hl.Float(32), 4, "pictures"), hl.ImageParam(hl.Int(32), 1, "labels")
        number, rate = hl.Param(hl.Int(32), "number"), hl.Param(hl.Float(32), "rate")
        for array in (parameters, scales):
            array.dim(0).set_min(0)
        stride = 1
        for dimension, extent in enumerate(reversed(form.inputs)):
            pictures.dim(dimension).set_bounds(0, extent).set_stride(stride)
            stride *= extent
        step = Step(parameters)
        units = Planes(_picture(pictures, number, form), form.inputs)
        layers = []
        for layer in lower(form, step):
            layers.append(layer)
            units = layer.forward(units)
        gradient, loss, miss = loss_of(units, labels[number], method)
        for layer in reversed(layers):
            gradient = layer.backward(gradient, layer is layers[0])
        self.parameters = layers[-1].end
        # The offset of what is largest: reads and writes of it are the quickest where it begins with a cache line.
        self.largest = max(step.learned, key=lambda block: prod(block.extents)).offset

        learned, tally = hl.Func("learned"), hl.Func("tally")
        learned[place] = hl.undef(hl.Float(32))
        for turn, block in enumerate(step.learned):
            _learn(learned, turn, block, parameters, scales, rate)
        learned.bound(place, 0, self.parameters)
        tally[count] = hl.undef(hl.Float(64))
        tally[count] += hl.select(count == 0, hl.f64(loss[()]), hl.f64(miss[()]))
        tally.bound(count, 0, 2)
        tally.update().unscheduled()
        arguments = [parameters, scales, pictures, labels, number, rate]
        self.call = hl.Pipeline([learned, tally]).compile_to_callable(arguments, TARGET)


def _picture(pictures: hl.ImageParam, number: hl.Param, form: Form) -> hl.Func:
    *_, width = form.inputs

    def pixel(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return pictures[hl.min(x, width - 1) if width % LANES else x, y, m, number]

    return framed("input", pixel, form.inputs, whole(width))


def _learn(
    learned: hl.Func, turn: int, block: Learned, parameters: hl.ImageParam, scales: hl.ImageParam, rate: hl.Param
) -> None:
    """In vectors, of which the last may be a part of one.

    What is read is `parameters`, not `learned`, of which Halide would suppose that it begins with a cache line.
    """
    r = hl.RDom([(0, extent) for extent in block.extents], "r")
    axes = [r[axis] for axis in range(len(block.extents))]
    at = block.offset + in_a_row(axes, block.extents)
    learned[at] = parameters[at] - rate * scales[at] * block.gradient(*axes)
    update = learned.update(turn)
    outer, inner = hl.RVar("outer"), hl.RVar("inner")
    update.split(r[0], outer, inner, LANES, hl.TailStrategy.GuardWithIf)
    update.allow_race_conditions().vectorize(inner)  # no two of them write to one place
