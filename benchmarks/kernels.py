"""The share of a core's peak that each compiled kernel reaches by itself, with its input in the cache.

    python -m benchmarks.kernels    # a minute; writes docs/results/kernels.json

The kernels are those of LeNet-5 for a chunk of 32 images, and those of the network of 1998 for a single picture, on
random numbers. Each is repeated within a separate pipeline, so that the clock covers no call from Python. Only the
multiply-adds that the layer needs are counted, not what a kernel computes beyond the edges of its maps or to squash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from math import prod
from statistics import median
from time import perf_counter

import halide as hl
import numpy as np

from benchmarks.peak import peak
from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.batch import kernels as batch
from lenet.engines.halide.batch.units import Units, chunk, n
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.online import kernels as online
from lenet.engines.halide.online.planes import Planes, whole
from lenet.engines.halide.processor import TARGET
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Convolution, FullConnection, Layer, Shape
from lenet.models.zoo import specify
from reproduce.results import machine, write_results

IMAGES, ROUNDS, REPEATS, MARGIN = 32, 15, 1000, 16
Nests = tuple[hl.Func, ...]  # the loop nest of a kernel, last, after those that it needs


def random_units(shape: Shape, images: int = IMAGES) -> hl.Func:
    """Return random units of a chunk, for images in the lanes."""
    values, func = _random(images, *reversed(shape)), hl.Func()
    func[n, x, y, m, chunk] = values[n, x, y, m]
    return func


def random_planes(shape: Shape) -> hl.Func:
    """Return random units of a single picture, with a margin for reads beyond the edges."""
    maps, height, width = shape
    values, func = _random(whole(width) + 2 * MARGIN, height + 2 * MARGIN, maps), hl.Func()
    func[x, y, m] = values[x + MARGIN, y + MARGIN, m]
    return func


def _random(*extents: int) -> hl.ImageParam:
    param = hl.ImageParam(hl.Float(32), len(extents))
    numbers = np.random.default_rng(0).uniform(-1, 1, extents[::-1]).astype(np.float32)
    param.set(hl.Buffer(numbers).copy())
    for dimension, extent in enumerate(extents):
        param.dim(dimension).set_bounds(0, extent)
    return param


def batch_stage(layer: Convolution) -> Iterator[tuple[str, Nests]]:
    squashing, lowest = ACTIVATIONS[layer.activation], layer.name == "c1"
    weights = Weights.of_convolution(_random(layer.stored), 0, layer)
    below, gradient = Units(random_units(layer.inputs), layer.inputs, squashing), random_units(layer.outputs)
    half = layer.outputs[1] // 2, layer.outputs[2] // 2
    sums = batch.weighted_sums(layer.name, below, weights)
    yield "forward", (batch.squash_largest("units", sums, squashing, half, IMAGES, learning=True),)
    arguments = (gradient, layer.outputs, below, weights, IMAGES)
    yield "kernel gradient", (batch.kernel_gradient("by_weights", *arguments, stored=not lowest),)
    if not lowest:
        yield "input gradient", (batch.input_gradient("back", gradient, layer.outputs, weights, below, IMAGES),)


def batch_connection(layer: Convolution | FullConnection) -> Iterator[tuple[str, Nests]]:
    squashing, shape = ACTIVATIONS["relu"], (prod(layer.inputs), 1, 1)
    weights = Weights.of_connection(_random(layer.stored), 0, layer)
    below, gradient = Units(random_units(shape), shape, squashing), random_units(layer.outputs)
    sums = batch.weighted_sums(layer.name, below, weights)
    yield "forward", (batch.squash("units", sums, squashing, (1, 1), IMAGES, learning=True),)
    by_weights, transposed = batch.matrix_gradient("by_weights", gradient, layer.outputs, below, IMAGES)
    yield "kernel gradient", (transposed, by_weights)
    yield "input gradient", (batch.input_gradient("back", gradient, layer.outputs, weights, below, IMAGES),)


def online_stage(layer: Convolution) -> Iterator[tuple[str, Nests]]:
    squashing = ACTIVATIONS[layer.activation]
    weights = Weights.of_convolution(_random(layer.stored), 0, layer)
    below = Planes(random_planes(layer.inputs), layer.inputs, squashing)
    gradient = Planes(random_planes(layer.outputs), layer.outputs)
    yield "forward", (online.convolution("units", below, weights, layer.outputs, squashing),)
    yield "kernel gradient", (online.kernel_gradient("by_weights", gradient, below, weights),)
    if layer.name != "c1":
        yield "input gradient", (online.input_gradient("back", gradient, weights, below),)


def seconds(nests: Nests) -> float:
    """Return the median seconds that a kernel takes, over `ROUNDS` rounds of `REPEATS` runs."""
    turn, repeated = hl.Var("turn"), hl.Func("repeated")
    *before, kernel = nests
    value = kernel[(0,) * kernel.dimensions()]
    repeated[turn] = value[0] if kernel.outputs() > 1 else value
    for func in (*before, kernel):
        func.compute_at(repeated, turn)
    call, result = hl.Pipeline(repeated), hl.Buffer(np.zeros(REPEATS, np.float32))
    call.compile_jit(TARGET)
    call.realize(result, TARGET)
    times = []
    for _ in range(ROUNDS):
        started = perf_counter()
        call.realize(result, TARGET)
        times.append(perf_counter() - started)
    return median(times) / REPEATS


def giga_operations(layer: Layer, nests: Nests, images: int) -> float:
    """Return the floating-point operations per second of `nests` for `layer`, in 1e9; a multiply-add counts as two."""
    return 2e-9 * images * layer.multiplications / seconds(nests)


def kernels() -> Iterator[tuple[str, Layer, str, Nests, int]]:
    """Yield model, layer, name and loop nests of every kernel, and the number of images that it computes at once."""
    for model, of_stage, images in (("lenet5", batch_stage, IMAGES), ("lenet5-1998", online_stage, 1)):
        for layer in specify(model).layers:
            if isinstance(layer, Convolution) and layer.outputs[1:] != (1, 1):
                yield from ((model, layer, name, nests, images) for name, nests in of_stage(layer))
            elif isinstance(layer, Convolution | FullConnection) and model == "lenet5":
                yield from ((model, layer, name, nests, images) for name, nests in batch_connection(layer))


def main() -> None:
    os.environ["HL_NUM_THREADS"] = "1"  # Halide reads it when it first runs
    work, peaks, measured = peak(None, 0), [], []  # type: ignore[arg-type]  # it looks at no pictures
    work(1)
    for model, layer, name, nests, images in kernels():
        started = perf_counter()
        peaks.append(1e-9 * work(1) / (perf_counter() - started))
        measured.append((f"{model} {layer.name} {name}", giga_operations(layer, nests, images)))
    highest = median(peaks)
    results = {
        "machine": machine(),
        "peak_gflops": round(highest, 1),
        "share_of_peak": {name: round(reached / highest, 3) for name, reached in measured},
    }
    write_results("kernels", results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
