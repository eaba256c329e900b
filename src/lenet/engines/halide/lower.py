"""From the network's one list of layers to loop nests: what each layer computes forward, and back.

A lowered layer gives its units from those below, and later, from the gradient by its own sums, the gradients by its
parameters and by the sums of the layer below. Nothing runs here: it all becomes one pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.connection import Codes, Connection
from lenet.engines.halide.form import Form
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.stage import Largest, Mean, Stage
from lenet.errors import InputError
from lenet.models.layers import Convolution, FullConnection, Layer, Shape, Subsampling
from lenet.models.output import EuclideanRBF


def lower(form: Form, plan: Plan) -> Iterator[Stage | Connection | Codes]:
    """The layers of a network of this form, lowered, in order. Raises `InputError` that names one without a kernel."""
    inputs, offset = form.inputs, 0
    for (name, layer), (_, following) in pairwise([*form.layers().items(), ("", None)]):
        if isinstance(layer, Subsampling):
            continue  # it was lowered with the convolution before it
        lowered = _lowered(name, layer, following, inputs, offset, plan)
        yield lowered
        inputs, offset = lowered.outputs, lowered.end


def _lowered(
    name: str, layer: Layer | None, following: Layer | None, inputs: Shape, offset: int, plan: Plan
) -> Stage | Connection | Codes:
    if isinstance(layer, EuclideanRBF):
        return Codes(name, layer, inputs, offset, plan)
    if isinstance(layer, FullConnection) and layer.activation in ACTIVATIONS:
        return Connection(name, layer, inputs, offset, plan)
    if isinstance(layer, Convolution) and layer.activation in ACTIVATIONS and layer.is_plain:
        if isinstance(following, Subsampling):
            stage = Largest if following.pooling == "max" else Mean
            return stage(name, layer, following, inputs, offset, plan)
        if layer.outputs[1:] == (1, 1):
            return Connection(name, layer, inputs, offset, plan)
    raise InputError(f"the halide engine has no kernel for layer {name}, {layer}")


def check(form: Form) -> None:
    """Raise `InputError` that names the first layer without a kernel, if there is one."""
    for _ in lower(form, Plan(hl.ImageParam(hl.Float(32), 1), LANES, learning=True)):
        pass
