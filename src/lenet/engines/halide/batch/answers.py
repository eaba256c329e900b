"""The answers of a network as one pipeline: from pictures to logits, a chunk of images at a time."""

from __future__ import annotations

from threading import local

import halide as hl
import numpy as np
from numpy.typing import NDArray

from lenet.engines.halide.batch.gradient import KINDS
from lenet.engines.halide.batch.input import Input
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import chunk, n
from lenet.engines.halide.compiled import Buffer, Design, compiled
from lenet.engines.halide.form import Form
from lenet.engines.halide.indices import m
from lenet.engines.halide.pixels import WORD, as_words
from lenet.engines.halide.walk import lower
from lenet.models.spec import Spec

IMAGES = 32  # images of a chunk; their units fit into a core's cache
PART = 8192  # pictures prepared at a time: reusing the memory saves up to a fifth of the time

thread = hl.Var("thread")


def answers_pipeline(form: Form) -> Design:
    """Design the pipeline `(parameters, words, index, first, chunks) -> logits [class, image, chunk, thread]`.

    The images are the pictures of `words` at the positions `index`, from `index[first]` on; past the end of `index`,
    the last one is repeated. Each iteration of the parallel loop over `thread` computes `chunks` chunks, one after the
    other.
    """
    parameters = hl.ImageParam(hl.Float(32), 1, "parameters")
    plan = ChunkPlan(parameters, IMAGES, learning=False)
    source = Input(form.inputs, plan)
    units = source.units(form.preparation, distortion=0)
    for layer in lower(form.layers, KINDS, plan):
        units = layer.forward(units)
    by_chunk, logits = hl.Func("by_chunk"), hl.Func("logits")
    by_chunk[m, n, chunk] = units(n, 0, 0, m)
    chunks = hl.Param(hl.Int(32), "chunks")
    logits[m, n, chunk, thread] = by_chunk[m, n, chunk + chunks * thread]
    logits.bound(m, 0, form.classes).bound(n, 0, IMAGES).reorder(m, n, chunk, thread).parallel(thread)
    for func in plan.computed:
        func.compute_at(logits, chunk)
    arguments = [parameters, source.pixels.words, source.index, source.first, chunks]
    return hl.Pipeline(logits), arguments


class _Desk(local):
    """The arrays of a call for at most one chunk, made once in each thread that calls.

    Making them anew would take longer than everything else in a call apart from the kernels.
    """

    def __init__(self, form: Form) -> None:
        channels, height, width = form.inputs
        rows = np.zeros((IMAGES, channels, height, -(-width // WORD) * WORD), np.uint8)
        self.shape = form.inputs  # the shape of the pictures in the last call
        self.framed, self.logits = rows[..., :width], np.empty((1, 1, IMAGES, form.classes), np.float32)
        arrays = (as_words(rows), np.arange(IMAGES, dtype=np.int32), self.logits)
        self.words, self.index, self.result = map(Buffer, arrays)


class Answers:
    """The logits of a network of `spec` by compiled kernels.

    `weights` are a copy of its parameters, one after the other, in float32. At most `threads` threads work on a call;
    with None, all that Halide has.
    """

    def __init__(self, spec: Spec, weights: NDArray[np.float32], threads: int | None = None) -> None:
        form = Form.of(spec)
        self._pipeline, self._threads, self._desk = compiled(answers_pipeline, form), threads, _Desk(form)
        self._classes, self._size, self._preparation = form.classes, form.architecture.input_size, form.preparation
        self._weights = Buffer(weights)

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits `(N, classes)`, float32, of the uint8 `pictures` `(N, C, H, W)`.

        Pictures that do not have the size of the network's input are first framed by `Preparation.frame`. Raises
        `InputError` if they must be padded but are larger than the input.
        """
        if len(pictures) <= IMAGES:
            return self._few(pictures)
        return np.concatenate([self._many(pictures[start : start + PART]) for start in range(0, len(pictures), PART)])

    def _few(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        desk, count = self._desk, len(pictures)
        if pictures.shape[1:] != desk.shape:  # pictures of another size leave other places as background
            desk.framed.fill(0)
            desk.shape = pictures.shape[1:]
        self._preparation.frame(pictures, self._size, out=desk.framed[:count])
        self._pipeline(self._weights, desk.words, desk.index, 0, 1, desk.result)
        return desk.logits[0, 0, :count].copy()

    def _many(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        count = len(pictures)
        chunks = -(-count // IMAGES)
        each = 1 if self._threads is None else -(-chunks // self._threads)
        logits = np.empty((-(-chunks // each), each, IMAGES, self._classes), np.float32)
        words = as_words(self._preparation.frame(pictures, self._size))
        index = np.arange(count, dtype=np.int32)
        self._pipeline(self._weights, Buffer(words), Buffer(index), 0, each, Buffer(logits))
        return logits.reshape(-1, self._classes)[:count]
