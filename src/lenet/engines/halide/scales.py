"""The scales of SDLM: for each parameter the factor by which its rate is multiplied (1998, appendix C, eq. 21)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.engines.curvature import curvature
from lenet.engines.gather import Gather
from lenet.engines.halide.state import zeros
from lenet.engines.losses import make_loss
from lenet.engines.method import Method
from lenet.models.network import Network


class Scales:
    """The `factors` of the rates, and the second derivatives `h` that they are made from.

    For SDLM a factor is 1 / (h + mu), where h is the estimate of the second derivative of the loss with respect to the
    parameter, 0 before the first estimate, and mu is `Method.damping`. For SGD, every factor is 1. `h` and `factors`
    are flat arrays in the order of the parameters of `network`, and may be longer. Element `aligned` of `factors`
    starts a cache line. `gather` gives the pictures that estimates are made from.
    """

    def __init__(self, network: Network, gather: Gather, method: Method, h: Tensor, aligned: int = 0) -> None:
        self._network, self._gather, self._loss = network, gather, make_loss(method)
        self._damping = method.damping if method.optimiser == "sdlm" else 1.0
        self._h, self.factors = h, zeros(len(h), aligned)
        self.update()

    def estimate(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None) -> None:
        """Estimate the second derivatives from the pictures at `index`, distorted by `distortions` if not None."""
        x, labels = self._gather(*self._gather.place(index, distortions))
        found = parameters_to_vector(curvature(self._network, x, labels, self._loss))
        self._h[: len(found)].copy_(found)
        self.update()

    def update(self) -> None:
        """Make the factors anew from the second derivatives, after these have changed."""
        self.factors.copy_(1 / (self._h + self._damping))
