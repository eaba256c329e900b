"""Small random distortions of the training pictures: drawn as numbers first, applied to a whole batch after.

The numbers of a distortion are an affine transformation and, where it is elastic too, the heights of smooth waves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lenet.errors import InputError
from lenet.records import check, within

AFFINE = 6  # numbers of an affine transformation
WAVES = 8  # along each axis of the picture
WIDTH = 0.25  # of a wave: the sigma of its Gaussian, where the picture's side is 2


@dataclass(frozen=True)
class Augmentation:
    """The ranges that each training picture's distortion is drawn from, uniformly.

    A share x of the size stands for factors from 1 / (1 + x) to 1 + x.
    """

    shift: float = 0.0
    """pixels, up to this far along each axis"""
    rotation: float = 0.0
    """degrees, up to this far either way"""
    zoom: float = 0.0
    """share of the size, larger or smaller by up to this much"""
    squeeze: float = 0.0
    """share of the size, narrower and taller, or wider and lower, by up to this much"""
    pivot: float = 0.0
    """pixels below the centre, where a place stays as the picture is zoomed and squeezed (10: the line written on)"""
    shear: float = 0.0
    """pixels sideways per pixel of height, up to this much either way"""
    flip: bool = False
    """mirror half of the pictures left to right (clothes allow it, digits do not)"""
    elastic: float = 0.0
    """pixels, root mean square along each axis, that places are moved by a field as smooth as an eighth of the side"""
    copies: int = 0
    """distorted copies of each picture that are drawn once and presented beside it; 0 distorts anew in every epoch"""

    def __post_init__(self) -> None:
        check(self)
        within("shift", self.shift, 0, 16)
        within("rotation", self.rotation, 0, 180)
        within("zoom", self.zoom, 0, 0.9)
        within("squeeze", self.squeeze, 0, 0.9)
        within("pivot", self.pivot, -512, 512)
        within("shear", self.shear, 0, 2)
        within("elastic", self.elastic, 0, 16)
        within("copies", self.copies, 0, 1000)
        if self.copies and not self:
            raise InputError(f"copies is {self.copies}, but nothing distorts them: give a shift, say, or no copies")

    def __bool__(self) -> bool:
        return any((self.shift, self.rotation, self.zoom, self.squeeze, self.shear, self.flip, self.elastic))

    @property
    def numbers(self) -> int:
        """How many numbers describe the distortion of a picture: 0 where nothing distorts."""
        return (AFFINE + 2 * WAVES**2 if self.elastic else AFFINE) if self else 0

    def draw(self, count: int, size: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Distortions `(count, numbers)`: from a pixel of the distorted picture to where its level is read.

        First an affine transformation `(2, 3)`. Coordinates run from -1 to 1 over the picture's `size` pixels, with the
        origin in its centre. Then, of an elastic distortion, the heights of waves, `(2, WAVES, WAVES)`: along which
        axis a place is moved, the wave's row and its column.
        """
        affines = self._affines(count, size, random).reshape(count, AFFINE)
        if not self.elastic:
            return affines
        heights = random.standard_normal((count, 2 * WAVES**2), np.float32) * np.float32(2 * self.elastic / size)
        return np.concatenate([affines, heights], axis=1)

    def _affines(self, count: int, size: int, random: np.random.Generator) -> NDArray[np.float32]:
        angle, stretch, lean, right, down = random.uniform(-1, 1, (5, count))
        angle, lean = np.deg2rad(self.rotation) * angle, self.shear * lean
        grow = _factor(self.zoom, stretch)
        mirror = np.where(random.random(count) < 0.5, -1.0, 1.0) if self.flip else np.ones(count)
        tall = _factor(self.squeeze, random.uniform(-1, 1, count))
        cos, sin = np.cos(angle) * grow, np.sin(angle) * grow
        to_right, to_bottom = self.shift * right, self.shift * down + self.pivot * (1 - grow * tall)
        pixel = 2 / size
        rows = [
            [cos * mirror / tall, lean * cos - sin * tall, to_right * pixel],
            [sin * mirror / tall, lean * sin + cos * tall, to_bottom * pixel],
        ]
        return np.ascontiguousarray(np.moveaxis(np.array(rows, np.float32), 2, 0))


def _factor(share: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 / (1 + share) to 1 + share, as `drawn` goes from -1 to 1."""
    low, high = 1 / (1 + share), 1 + share
    return (high + low + (high - low) * drawn) / 2


def waves(size: int) -> NDArray[np.float32]:
    """The heights at each pixel of waves along an axis, `(size, WAVES)`: Gaussian bells, their squares adding up to 1.

    So a field of waves with heights of variance 1 has that variance everywhere, and is as white noise smoothed by a
    Gaussian of the same `WIDTH`, as Simard, Steinkraus and Platt distort digits (ICDAR 2003); bells 1.5 widths apart
    are enough of them.
    """
    pixels = (2 * np.arange(size) + 1) / size - 1
    crests = 1.5 * WIDTH * (np.arange(WAVES) - (WAVES - 1) / 2)
    bells: NDArray[np.float64] = np.exp(-((pixels[:, None] - crests) ** 2) / (2 * WIDTH**2))
    return np.asarray(bells / np.linalg.norm(bells, axis=1, keepdims=True), np.float32)


def warp(pictures: Tensor, distortions: Tensor) -> Tensor:
    """Each of the pictures `(N, C, H, W)`, uint8 or float, through its distortion, `(N, numbers)` as they are drawn.

    Levels between pixels are bilinear, those from outside of the picture are background.
    """
    grid = F.affine_grid(distortions[:, :AFFINE].view(-1, 2, 3), list(pictures.shape), align_corners=False)
    if distortions.shape[1] > AFFINE:
        heights = distortions[:, AFFINE:].view(-1, 2, WAVES, WAVES)
        down, right = (torch.from_numpy(waves(side)).to(heights) for side in pictures.shape[2:])
        grid = grid + torch.einsum("yi,ncij,xj->nyxc", down, heights, right)
    return F.grid_sample(pictures.to(grid), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
