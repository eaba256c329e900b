"""The pipelines of a training in batches, before they are compiled."""

from __future__ import annotations

from lenet.engines.halide.batch.gradient import chunk_images, gradient_pipeline
from lenet.engines.halide.batch.update import UPDATE_SETTINGS, update_pipeline
from lenet.engines.halide.compiled import Settled
from lenet.engines.halide.form import Form
from lenet.engines.halide.losses import LOSS_SETTINGS
from lenet.engines.method import Method


def designs(form: Form, method: Method, distortion: int) -> tuple[Settled, ...]:
    """Return the designs of the two halves of a step, the gradient and the update, with their settings.

    `distortion` is the count of numbers that distort one picture; with 0, no picture is distorted.
    """
    loss, update = method.only(*LOSS_SETTINGS), method.only(*UPDATE_SETTINGS)
    return (
        (gradient_pipeline, form, chunk_images(method.batch), loss, distortion),
        (update_pipeline, update, form.stored),
    )
