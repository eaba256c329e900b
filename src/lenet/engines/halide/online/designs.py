"""The pipelines of a training on single pictures, before they are compiled."""

from __future__ import annotations

from lenet.engines.halide.compiled import Settled
from lenet.engines.halide.form import Form
from lenet.engines.halide.losses import LOSS_SETTINGS
from lenet.engines.halide.online.step import step_pipeline
from lenet.engines.halide.online.warp import warp_pipeline
from lenet.engines.method import Method


def reason_against(method: Method) -> str | None:
    """Return why the kernels for single pictures cannot learn by `method`; None if they can."""
    if method.batch != 1:
        return f"the kernels for single pictures take batches of 1, not of {method.batch}"
    if method.optimiser == "adamw" or method.momentum or method.weight_decay or method.average:
        return "the kernels for single pictures learn by sdlm or sgd, without momentum, weight decay or an average"
    return None


def designs(form: Form, method: Method, distortion: int) -> tuple[Settled, ...]:
    """Return the designs of the step and, if there is any `distortion`, of the distortion, with their settings.

    `distortion` is the count of numbers that distort one picture.
    """
    step: Settled = (step_pipeline, form, method.only(*LOSS_SETTINGS))
    return (step, (warp_pipeline, form.inputs, distortion)) if distortion else (step,)
