"""Bulk inference as one pipeline: from pictures to scores, a chunk at a time on each core."""

from __future__ import annotations

from functools import lru_cache

import halide as hl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.engines.halide.form import Form
from lenet.engines.halide.lower import lower
from lenet.engines.halide.pictures import Pictures
from lenet.engines.halide.pixels import as_words
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.processor import TARGET
from lenet.engines.halide.units import chunk, m, n
from lenet.models.network import Network

IMAGES = 32  # of a chunk
PART = 65536  # pictures prepared at a time, so that the memory needed does not grow with their number


class ScoresPipeline:
    """Compiled: `(parameters, words, index, first) -> scores [class, image of the chunk, chunk]`."""

    def __init__(self, form: Form) -> None:
        parameters = hl.ImageParam(hl.Float(32), 1, "parameters")
        plan = Plan(parameters, IMAGES, learning=False)
        pictures = Pictures(form.inputs, plan)
        units = pictures.units(form.preparation, distortion=0)
        for layer in lower(form, plan):
            units = layer.forward(units)
        scores = hl.Func("scores")
        scores[m, n, chunk] = units(n, 0, 0, m)
        scores.bound(m, 0, form.classes).bound(n, 0, IMAGES).reorder(m, n, chunk).parallel(chunk)
        for func in plan.computed:
            func.compute_at(scores, chunk)
        arguments = [parameters, pictures.pixels.words, pictures.index, pictures.first]
        self.call = hl.Pipeline(scores).compile_to_callable(arguments, TARGET)


@lru_cache(maxsize=8)
def compiled(form: Form) -> ScoresPipeline:
    return ScoresPipeline(form)


def scores(network: Network, images: NDArray[np.uint8]) -> Tensor:
    """The scores `(N, classes)`, float32, of pictures `(N, C, H, W)`, uint8, as `Network.scores` gives them."""
    form = Form.of(network)
    pipeline = compiled(form)
    parameters = parameters_to_vector(network.parameters()).detach().numpy()
    result = torch.empty((len(images), form.classes))
    for start in range(0, len(images), PART):
        part = images[start : start + PART]
        words = as_words(network.preparation.frame(part, network.architecture.input_size).numpy())
        chunks = -(-len(part) // IMAGES)
        index = np.arange(len(part), dtype=np.int32)
        answers = torch.empty((chunks * IMAGES, form.classes))
        by_chunk = answers.numpy().reshape(chunks, IMAGES, form.classes)
        pipeline.call(*map(hl.Buffer, (parameters, words, index)), 0, hl.Buffer(by_chunk))
        result[start : start + PART] = answers[: len(part)]
    return result
