"""The output of the 1998 network: how far the answer of F6 is from the code of each class."""

from __future__ import annotations

import torch
from torch import Tensor

from lenet.models.codes import CODES
from lenet.models.layers import Layer, Shape

CLASSES, UNITS = len(CODES), len(CODES[0])


class EuclideanRBF(Layer):
    """Minus the squared distance of the units below to the fixed code of each class (section II.B, eq. 7).

    Takes `(N, 84, 1, 1)` or `(N, 84)` and gives `(N, 10)`. In the paper the least distance is the answer; its sign is
    turned here, so that the highest score is, as everywhere else. Nothing in it is trainable.
    """

    codes: Tensor

    def __init__(self) -> None:
        super().__init__()
        # on the CPU even where weights take no memory, as when a file is loaded: they are in no file
        codes = torch.tensor(CODES, dtype=torch.get_default_dtype(), device="cpu")
        self.register_buffer("codes", codes, persistent=False)
        self.outputs: Shape = (CLASSES, 1, 1)
        self.fan_in = [UNITS] * CLASSES
        self.fan_out = CLASSES
        self.connections = self.multiplications = CLASSES * UNITS

    def sums(self, x: Tensor) -> Tensor:
        return -(x.flatten(1)[:, None] - self.codes).square().sum(2)

    def extra_repr(self) -> str:
        return f"{UNITS}, {CLASSES}"
