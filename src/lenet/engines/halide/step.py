"""A training step as one pipeline: from the indices of a batch to the gradient of all parameters.

A batch is cut into chunks of images. Each chunk runs through the whole network, forward and back, on one core and in
its cache; the cores meet only at the end. The chunks are dealt to groups, a rule of the batch's size alone, and within
a group the gradients are added one after the other: no number of threads changes a bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.form import Form
from lenet.engines.halide.loss import loss_of
from lenet.engines.halide.lower import lower
from lenet.engines.halide.pictures import Pictures
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.processor import LANES, TARGET
from lenet.engines.halide.units import chunk, in_a_row, m
from lenet.engines.halide.update import filled
from lenet.engines.method import Method

MOST_GROUPS = 16

place, group = hl.Var("place"), hl.Var("group")


def chunk_images(batch: int) -> int:
    """Images of a chunk, for batches of this size: small ones are still to be enough work for two cores."""
    return max(LANES, 32 if batch >= 64 else 16)


@dataclass(frozen=True)
class Share:
    """How a batch is dealt out: so many groups, each of so many chunks."""

    groups: int
    chunks: int

    @classmethod
    def of(cls, batch: int, images: int) -> Share:
        chunks = -(-batch // images)
        each = -(-chunks // MOST_GROUPS)
        return cls(-(-chunks // each), each)


class GradientPipeline:
    """Compiled: `(parameters, words, labels, index, first, count, chunks[, distortions]) -> gradients`.

    These are `[parameter, group]`. The batch is the `count` images of `index` from `first` on. In each row come, after
    the parameters' gradients, the sums of the losses and of the misses, then zeros. Of the `method` only the loss and
    the distortion matter.
    """

    def __init__(self, form: Form, images: int, method: Method) -> None:
        parameters = hl.ImageParam(hl.Float(32), 1, "parameters")
        labels = hl.ImageParam(hl.Int(32), 1, "labels")
        count, chunks = hl.Param(hl.Int(32), "count"), hl.Param(hl.Int(32), "chunks")
        plan = Plan(parameters, images, learning=True)
        pictures = Pictures(form.inputs, plan)
        units = pictures.units(form.preparation, distortion=method.distortion)
        layers = []
        for layer in lower(form, plan):
            layers.append(layer)
            units = layer.forward(units)
        label = pictures.of_image(labels)
        gradient, loss, miss = loss_of(units, label, pictures.image < count, count, method, plan)
        for layer in reversed(layers):
            gradient = layer.backward(gradient)
        self.parameters = layers[-1].end
        parameters.dim(0).set_min(0)
        plan.learn(self.parameters, (1,), _summed("losses", loss, plan))
        plan.learn(self.parameters + 1, (1,), _summed("misses", miss, plan))
        func = _accumulated(plan, chunks, filled(self.parameters))
        arguments = [parameters, pictures.pixels.words, labels, pictures.index, pictures.first, count, chunks]
        if method.distortion:
            arguments.append(pictures.distortions)
        self.call = hl.Pipeline(func).compile_to_callable(arguments, TARGET)


def _summed(name: str, by_image: hl.Func, plan: Plan) -> hl.Func:
    """A number for each image, added up over a chunk."""
    r = hl.RDom([(0, plan.images)], "images")
    total = hl.Func(f"{name}_total")
    total[m, chunk] = hl.f32(0)
    total[m, chunk] += by_image[r.x, chunk]
    total.bound(m, 0, 1)
    total.update().unscheduled()
    return total


def _accumulated(plan: Plan, chunks: hl.Param, length: int) -> hl.Func:
    """All gradients of a chunk in one row, and the rows of a group added up, one after the other."""
    row, total = hl.Func("row"), hl.Func("gradients")
    end = plan.gradients[-1].offset + 1
    row[place, chunk] = hl.undef(hl.Float(32))
    rest = hl.RDom([(end, length - end)], "rest")
    row[rest.x, chunk] = hl.f32(0)
    for number, gradient in enumerate(plan.gradients):
        r = hl.RDom([(0, extent) for extent in gradient.extents], "r")
        indices = [r[axis] for axis in range(len(gradient.extents))]
        row[gradient.offset + in_a_row(indices, gradient.extents), chunk] = gradient.func[(*indices, chunk)]
        update = row.update(number + 1)
        if gradient.extents[0] >= LANES:
            update.allow_race_conditions().vectorize(r[0], LANES)  # no two of them write to one place
        else:
            update.unscheduled()
    row.update(0).unscheduled()

    turn = hl.RDom([(0, chunks)], "turn")
    total[place, group] = hl.undef(hl.Float(32))
    before = hl.select(turn.x == 0, hl.f32(0), total[place, group])
    total[place, group] = before + row[place, group * chunks + turn.x]
    total.bound(place, 0, length)
    total.output_buffer().dim(0).set_bounds(0, length)
    total.update().reorder(place, turn.x, group).vectorize(place, LANES).parallel(group)
    total.update().never_partition_all()  # Halide would compile the last chunk, where it may not be full, once more
    for func in (row, *plan.computed):
        func.compute_at(total, turn.x)
    return total
