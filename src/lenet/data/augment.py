"""Small random distortions of the training pictures, drawn as numbers; `lenet.data.warp` applies them.

The numbers of a distortion are an affine transformation and, if it is also elastic, the heights of smooth waves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError
from lenet.records import check, within

AFFINE = 6  # the length of an affine transformation
WAVES = 8  # the number of waves along each axis of the picture
WIDTH = 0.25  # the sigma of a wave's Gaussian, where the picture's side is 2


@dataclass(frozen=True)
class Augmentation:
    """The ranges from which the distortion of each training picture is drawn.

    All are drawn uniformly, but an elastic one is normal, and a flip is the toss of a coin.
    A share x of the size stands for factors from 1 / (1 + x) to 1 + x.
    """

    shift: float = 0.0
    """the largest shift along each axis, in pixels"""
    rotation: float = 0.0
    """the largest rotation either way, in degrees"""
    zoom: float = 0.0
    """the largest change of size, larger or smaller, as a share of the size"""
    squeeze: float = 0.0
    """the largest change of aspect, narrower and taller or wider and lower, as a share of the size"""
    pivot: float = 0.0
    """the fixed point of zoom and squeeze, in pixels below the centre (10: the line written on)"""
    shear: float = 0.0
    """the largest shear either way, in pixels sideways per pixel of height"""
    flip: bool = False
    """mirror half of the pictures left to right (clothes allow it, digits do not)"""
    elastic: float = 0.0
    """the root mean square of the elastic shifts along each axis, in pixels, smooth over an eighth of the side"""
    copies: int = 0
    """the number of distorted copies to present beside each picture, drawn once; 0 distorts anew in every epoch"""

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
        """The length of the distortion of a picture, in numbers; 0 if nothing is distorted."""
        return (AFFINE + 2 * WAVES**2 if self.elastic else AFFINE) if self else 0

    def draw(self, count: int, size: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Return distortions `(count, numbers)` of pictures of `size` x `size` pixels, drawn from `random`.

        A distortion leads from each pixel of the distorted picture to the place where its level is read. It begins with
        an affine transformation `(2, 3)`. Coordinates run from -1 to 1 over the picture's `size` pixels, with the
        origin in its centre. An elastic distortion goes on with the heights of the waves, `(2, WAVES, WAVES)`. Their
        axes are the direction in which a place is moved, the wave's row and its column.
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
    """Return factors from 1 / (1 + share) to 1 + share, for `drawn` from -1 to 1."""
    low, high = 1 / (1 + share), 1 + share
    return (high + low + (high - low) * drawn) / 2


def waves(size: int) -> NDArray[np.float32]:
    """Return the heights `(size, WAVES)` of the waves along an axis of `size` pixels, at each pixel.

    The waves are Gaussian bells, scaled so that their squares add up to 1 at each pixel. A field of waves with heights
    of variance 1 then has that variance everywhere. It is like white noise smoothed by a Gaussian of the same `WIDTH`,
    as in the distortions of Simard, Steinkraus and Platt (ICDAR 2003). Bells that are 1.5 widths apart are enough.
    """
    pixels = (2 * np.arange(size) + 1) / size - 1
    crests = 1.5 * WIDTH * (np.arange(WAVES) - (WAVES - 1) / 2)
    bells: NDArray[np.float64] = np.exp(-((pixels[:, None] - crests) ** 2) / (2 * WIDTH**2))
    return np.asarray(bells / np.linalg.norm(bells, axis=1, keepdims=True), np.float32)
