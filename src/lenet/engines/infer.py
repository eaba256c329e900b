"""Answers in bulk, by the engine that gives them soonest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lenet.engines.choose import choose_engine
from lenet.models.network import Network

BULK = 50_000  # pictures; for fewer, torch has answered before kernels are compiled


def compute_scores(network: Network, images: NDArray[np.uint8], engine: str = "auto", *, repeats: int = 1) -> Tensor:
    """The scores `(N, classes)`, float32 on the CPU, of pictures `(N, C, H, W)`, uint8, as they are stored.

    `repeats` is how often such a network will be asked about so many pictures; `auto` goes by that and nothing else.
    Raises `InputError` for pictures of other channels than the network's, and for an engine that cannot answer.
    """
    device = next(network.parameters()).device
    if engine == "auto" and (repeats * len(images) < BULK or device.type != "cpu"):
        return network.scores(images)
    if choose_engine(engine, str(device), network).engine.name == "torch":
        return network.scores(images)
    from lenet.engines.halide import scores

    network.check_channels(images)
    return scores(network, images)
