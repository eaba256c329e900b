"""Small random distortions of the training pictures: drawn as numbers first, applied to a whole batch after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lenet.records import check, within


@dataclass(frozen=True)
class Augmentation:
    """The ranges that each training picture's distortion is drawn from, uniformly and anew in every epoch."""

    shift: float = 0.0
    """pixels, up to this far along each axis"""
    rotation: float = 0.0
    """degrees, up to this far either way"""
    zoom: float = 0.0
    """share of the size, larger or smaller by up to this much"""
    shear: float = 0.0
    """pixels sideways per pixel of height, up to this much either way"""
    flip: bool = False
    """mirror half of the pictures left to right (clothes allow it, digits do not)"""

    def __post_init__(self) -> None:
        check(self)
        within("shift", self.shift, 0, 16)
        within("rotation", self.rotation, 0, 180)
        within("zoom", self.zoom, 0, 0.9)
        within("shear", self.shear, 0, 2)

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def draw(self, count: int, size: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Affine transformations `(count, 2, 3)` from a pixel of the distorted picture to where its level is read.

        Coordinates run from -1 to 1 over the picture's `size` pixels, with the origin in its centre.
        """
        angle, stretch, lean, right, down = random.uniform(-1, 1, (5, count))
        angle, lean = np.deg2rad(self.rotation) * angle, self.shear * lean
        grow = np.exp(np.log1p(self.zoom) * stretch)
        mirror = np.where(random.random(count) < 0.5, -1.0, 1.0) if self.flip else np.ones(count)
        cos, sin = np.cos(angle) * grow, np.sin(angle) * grow
        pixel = 2 / size
        rows = [
            [cos * mirror, lean * cos - sin, self.shift * pixel * right],
            [sin * mirror, lean * sin + cos, self.shift * pixel * down],
        ]
        return np.ascontiguousarray(np.moveaxis(np.array(rows, np.float32), 2, 0))


def warp(pictures: Tensor, affines: Tensor) -> Tensor:
    """Each of the pictures `(N, C, H, W)`, float, through its affine transformation `(N, 2, 3)`.

    Levels between pixels are bilinear, those from outside of the picture are background.
    """
    grid = F.affine_grid(affines, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
