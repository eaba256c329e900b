"""The first half of a training step as one pipeline: from the indices of a batch to the gradient of all parameters.

A batch is cut into chunks of images. Each chunk runs through the whole network, forward and back, on one core and in
its cache; the cores meet only at the end. The chunks are dealt to groups by the size of the batch alone. Within a group
the gradients are added one after the other, so the result is the same, bit for bit, for any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.batch.connection import Codes, Connection
from lenet.engines.halide.batch.input import Input
from lenet.engines.halide.batch.loss import loss_of
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.stage import Stage, make_stage
from lenet.engines.halide.batch.units import chunk
from lenet.engines.halide.batch.update import padded_length
from lenet.engines.halide.form import Form
from lenet.engines.halide.indices import flat_index, m
from lenet.engines.halide.processor import LANES, TARGET
from lenet.engines.halide.walk import Kinds, lower
from lenet.engines.method import Method

KINDS: Kinds[Stage | Connection | Codes] = Kinds(
    make_stage, Connection, Codes, poolings=("max", "mean", "trainable-mean", "trainable-sum")
)
MOST_GROUPS = 16  # enough to keep 16 cores busy; more would cost time in the update, which adds up their gradients

place, group = hl.Var("place"), hl.Var("group")


def chunk_images(batch: int) -> int:
    """Return the number of images in a chunk, for batches of `batch` pictures.

    It is 32, whose units fit into a core's cache; or 16 for a batch that is too small to fill two chunks of 32 for two
    cores. It is never less than the number of lanes in a vector.
    """
    return max(LANES, 32 if batch >= 64 else 16)


@dataclass(frozen=True)
class Share:
    """The division of a batch into `groups` groups of `chunks` chunks each."""

    groups: int
    chunks: int

    @classmethod
    def of(cls, batch: int, images: int) -> Share:
        """Divide a batch of `batch` images into as many groups as it has chunks of `images`, but at most `MOST_GROUPS`.

        Both divisions round up. The first gives the number of chunks per group, the second the number of groups that
        the chunks then fill, so that no group is left without a chunk.
        """
        chunks = -(-batch // images)
        each = -(-chunks // MOST_GROUPS)
        return cls(-(-chunks // each), each)


class GradientPipeline:
    """The compiled pipeline `(parameters, words, labels, index, first, count, chunks[, distortions]) -> gradients`.

    The result is `[parameter, group]`. The batch consists of the `count` images of `index` from `first` on, and each
    group has `chunks` chunks. Each row holds the gradients of all parameters, then the sum of the losses and the sum of
    the misses, then zeros. `distortion` is the count of numbers that distort one picture.
    """

    def __init__(self, form: Form, images: int, method: Method, distortion: int) -> None:
        parameters = hl.ImageParam(hl.Float(32), 1, "parameters")
        labels = hl.ImageParam(hl.Int(32), 1, "labels")
        count, chunks = hl.Param(hl.Int(32), "count"), hl.Param(hl.Int(32), "chunks")
        plan = ChunkPlan(parameters, images, learning=True)
        source = Input(form.inputs, plan)
        units = source.units(form.preparation, distortion=distortion)
        layers = lower(form.layers, KINDS, plan)
        for layer in layers:
            units = layer.forward(units)
        label = source.look_up(labels)
        gradient, loss, miss = loss_of(units, label, source.image < count, count, method, plan)
        for layer in reversed(layers):
            gradient = layer.backward(gradient)
        self.parameters = form.stored
        parameters.dim(0).set_min(0)
        plan.add_gradient_func(self.parameters, (1,), _summed("losses", loss, plan))
        plan.add_gradient_func(self.parameters + 1, (1,), _summed("misses", miss, plan))
        func = _accumulated(plan, chunks, padded_length(self.parameters))
        arguments = [parameters, source.pixels.words, labels, source.index, source.first, count, chunks]
        if distortion:
            arguments.append(source.distortions)
        self.call = hl.Pipeline(func).compile_to_callable(arguments, TARGET)


def _summed(name: str, by_image: hl.Func, plan: ChunkPlan) -> hl.Func:
    """Return the sum over each chunk of `by_image`, which has one number for each image."""
    r = hl.RDom([(0, plan.images)], "images")
    total = hl.Func(f"{name}_total")
    total[m, chunk] = hl.f32(0)
    total[m, chunk] += by_image[r.x, chunk]
    total.bound(m, 0, 1)
    total.update().unscheduled()
    return total


def _accumulated(plan: ChunkPlan, chunks: hl.Param, length: int) -> hl.Func:
    """Write all gradients of a chunk to a row of `length` numbers, and add up the rows of a group one after the other.

    The pure definition `hl.undef` leaves memory unchanged until an update writes to it.
    """
    row, total = hl.Func("row"), hl.Func("gradients")
    end = plan.gradients[-1].offset + 1
    row[place, chunk] = hl.undef(hl.Float(32))
    rest = hl.RDom([(end, length - end)], "rest")
    row[rest.x, chunk] = hl.f32(0)
    for number, gradient in enumerate(plan.gradients):
        r = hl.RDom([(0, extent) for extent in gradient.extents], "r")
        indices = [r[axis] for axis in range(len(gradient.extents))]
        row[gradient.offset + flat_index(indices, gradient.extents), chunk] = gradient.value(*indices)
        update = row.update(number + 1)
        if gradient.extents[0] >= LANES:
            update.allow_race_conditions().vectorize(r[0], LANES)  # no two lanes write to the same place
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
    total.update().never_partition_all()  # or Halide compiles a second loop for a last chunk that is not full
    for func in (row, *plan.computed):
        func.compute_at(total, turn.x)
    return total
