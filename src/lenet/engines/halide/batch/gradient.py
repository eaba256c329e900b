"""The first half of a training step as one pipeline: from the indices of a batch to the gradient of its loss.

A batch is cut into chunks of images. Each chunk runs through the whole network, forward and back, on one core, so that
its units can stay in the cache of that core. The chunks form groups, and each group is the work of one core. The groups
do not depend on the number of threads, and within a group the gradients are added one after the other. So the result is
the same, bit for bit, for any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.batch.connection import Codes, Connection
from lenet.engines.halide.batch.input import Input
from lenet.engines.halide.batch.loss import loss_of
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.stage import Largest, Mean, Stage
from lenet.engines.halide.batch.units import chunk
from lenet.engines.halide.batch.update import padded_length
from lenet.engines.halide.compiled import Design
from lenet.engines.halide.form import Form
from lenet.engines.halide.indices import flat_index, m
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.walk import Kinds, lower
from lenet.engines.method import Method

KINDS: Kinds[Stage | Connection | Codes] = Kinds(Stage, Largest, Mean, Connection, Codes)
MOST_GROUPS = 16  # enough to keep 16 cores busy; more would cost time in the update, which adds up their gradients

place, group = hl.Var("place"), hl.Var("group")


def chunk_images(batch: int) -> int:
    """Return the number of images in a chunk, for batches of `batch` pictures.

    It is 32, so that the units of a chunk fit into a core's cache, or 16 for batches of fewer than 64, so that more
    cores have work. It is never less than the number of lanes in a vector.
    """
    return max(LANES, 32 if batch >= 64 else 16)


@dataclass(frozen=True)
class Share:
    """The division of a batch into `groups` groups of `chunks` chunks each; the last chunks may be empty."""

    groups: int
    chunks: int

    @classmethod
    def of(cls, batch: int, images: int) -> Share:
        """Divide `batch` images into chunks of `images`, and the chunks into groups.

        A group has as few chunks as a division into at most `MOST_GROUPS` groups allows. There are only as many groups
        as are then needed, so none consists of empty chunks alone.
        """
        chunks = -(-batch // images)
        each = -(-chunks // MOST_GROUPS)
        return cls(-(-chunks // each), each)


def gradient_pipeline(form: Form, images: int, method: Method, distortion: int) -> Design:
    """Design the pipeline `(parameters, words, labels, index, first, count, chunks[, distortions]) -> gradients`.

    `words` and `labels` are those of the whole data set. The batch consists of the `count` pictures whose positions
    stand in `index` from `first` on. It is cut into chunks of `images` images, and each group has `chunks` chunks. The
    result is `[parameter, group]`. For each group it holds the share of the group's images in the gradient of the
    batch's mean loss with respect to all parameters, then the sums of their losses and of their misses, then zeros.
    `distortion` is the count of numbers that distort one picture; with 0, there are no `distortions`.
    """
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
    parameters.dim(0).set_min(0)
    plan.add_gradient_func(form.stored, (1,), _summed("losses", loss, plan))
    plan.add_gradient_func(form.stored + 1, (1,), _summed("misses", miss, plan))
    func = _accumulated(plan, chunks, padded_length(form.stored))
    arguments = [parameters, source.pixels.words, labels, source.index, source.first, count, chunks]
    if distortion:
        arguments.append(source.distortions)
    return hl.Pipeline(func), arguments


def _summed(name: str, by_image: hl.Func, plan: ChunkPlan) -> hl.Func:
    """Return the sum of `by_image` `[n, chunk]` over the images of each chunk, as `[0, chunk]`."""
    r = hl.RDom([(0, plan.images)], "images")
    total = hl.Func(f"{name}_total")
    total[m, chunk] = hl.f32(0)
    total[m, chunk] += by_image[r.x, chunk]
    total.bound(m, 0, 1)
    total.update().unscheduled()
    return total


def _accumulated(plan: ChunkPlan, chunks: hl.Param, length: int) -> hl.Func:
    """Return the sums `[place, group]` of the rows of a group's `chunks` chunks, added one after the other.

    The row of a chunk has `length` numbers: first the gradients in `plan`, the last two of which are the sums of the
    losses and of the misses, and then zeros.
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
