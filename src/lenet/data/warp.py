"""Distort whole batches of pictures by the numbers that an `Augmentation` draws."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet.data.augment import AFFINE, WAVES, waves


def warp(pictures: Tensor, distortions: Tensor) -> Tensor:
    """Return `pictures` `(N, C, H, W)`, each distorted by its row of `distortions` `(N, numbers)`, as float32.

    `pictures` are uint8 or float, and `distortions` are float32. Levels between pixels are interpolated bilinearly;
    outside the picture the level is 0, the background.
    """
    grid = F.affine_grid(distortions[:, :AFFINE].view(-1, 2, 3), list(pictures.shape), align_corners=False)
    if distortions.shape[1] > AFFINE:
        heights = distortions[:, AFFINE:].view(-1, 2, WAVES, WAVES)
        down, right = (torch.from_numpy(waves(side)).to(heights) for side in pictures.shape[2:])
        grid = grid + torch.einsum("yi,ncij,xj->nyxc", down, heights, right)
    return F.grid_sample(pictures.to(grid), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
