"""Distort whole batches of pictures by the numbers that an `Augmentation` draws."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.data.augment import AFFINE, WAVES, waves


def warp(pictures: Tensor, distortions: Tensor) -> Tensor:
    """Return the `pictures` `(N, C, H, W)`, uint8 or float, each distorted by its row of `distortions` `(N, numbers)`.

    Levels between pixels are interpolated bilinearly; levels from outside the picture are background.
    """
    grid = F.affine_grid(distortions[:, :AFFINE].view(-1, 2, 3), list(pictures.shape), align_corners=False)
    if distortions.shape[1] > AFFINE:
        heights = distortions[:, AFFINE:].view(-1, 2, WAVES, WAVES)
        down, right = (torch.from_numpy(waves(side)).to(heights) for side in pictures.shape[2:])
        grid = grid + torch.einsum("yi,ncij,xj->nyxc", down, heights, right)
    return F.grid_sample(pictures.to(grid), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
