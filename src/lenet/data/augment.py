"""Small random distortions of the training pictures, drawn as numbers; `lenet.data.warp` defines what they do.

These numbers are an affine transformation and, for an elastic distortion, the amplitudes of smooth waves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from lenet.errors import InputError
from lenet.records import Range, check

AFFINE = 6  # the length of an affine transformation
WAVES = 8  # the number of waves along each axis of the picture
WIDTH = 0.25  # the sigma of a wave's Gaussian, where the picture's side is 2


@dataclass(frozen=True)
class Augmentation:
    """The ranges from which the distortion of each training picture is drawn.

    Pixels are those of the network's input, and a share x of the size stands for factors from 1 / (1 + x) to 1 + x.
    Elastic shifts are drawn from a normal distribution, a flip by the toss of a coin, and all else uniformly; `pivot`
    and `copies` are not drawn. Raises `InputError` for a value that is not accepted, and for `copies` that nothing
    distorts.
    """

    shift: Annotated[float, Range(0, 16)] = 0.0
    """the largest shift along each axis, in pixels"""
    rotation: Annotated[float, Range(0, 180)] = 0.0
    """the largest rotation either way, in degrees"""
    zoom: Annotated[float, Range(0, 0.9)] = 0.0
    """the largest enlargement or reduction, as a share of the size"""
    squeeze: Annotated[float, Range(0, 0.9)] = 0.0
    """the largest stretch of one side while the other shrinks by the same factor, as a share of the size"""
    pivot: Annotated[float, Range(-512, 512)] = 0.0
    """the fixed point of zoom and squeeze, in pixels below the centre (10: about the baseline of MNIST's digits)"""
    shear: Annotated[float, Range(0, 2)] = 0.0
    """the largest shear either way, as the sideways shift in pixels for each pixel of height"""
    flip: bool = False
    """whether to mirror each picture left to right with probability 1/2 (good for clothes, bad for digits)"""
    elastic: Annotated[float, Range(0, 16)] = 0.0
    """the root mean square of the elastic shifts along each axis, in pixels (smoothed with sigma = side / 8)"""
    copies: Annotated[int, Range(0, 1000)] = 0
    """the number of distorted copies of each picture, drawn once and added to the undistorted pictures; 0 for
    distortions that are drawn anew in each epoch"""

    def __post_init__(self) -> None:
        check(self)
        if self.copies and not self:
            raise InputError(f"copies is {self.copies}, but nothing distorts them: give a shift, say, or no copies")

    def __bool__(self) -> bool:
        return any((self.shift, self.rotation, self.zoom, self.squeeze, self.shear, self.flip, self.elastic))

    @property
    def numbers(self) -> int:
        """The count of numbers that describe the distortion of one picture; 0 if nothing is distorted."""
        return (AFFINE + 2 * WAVES**2 if self.elastic else AFFINE) if self else 0

    def draw(self, count: int, size: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Return distortions `(count, numbers)`, float32, of pictures of `size` x `size` pixels, drawn from `random`.

        A distortion maps each pixel of the distorted picture to the place where its level is read. Coordinates run from
        -1 at the left or upper edge of the picture to 1 at the opposite edge, x before y. Each row begins with a
        flattened affine transformation `(2, 3)`. If the distortion is elastic, the flattened amplitudes of the waves
        `(2, WAVES, WAVES)` follow: for the shift along x, then along y, one for each row and column of waves. `numbers`
        must not be 0.
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
    """Return `drawn`, from -1 to 1, mapped linearly to factors from 1 / (1 + `share`) to 1 + `share`."""
    low, high = 1 / (1 + share), 1 + share
    return (high + low + (high - low) * drawn) / 2


def waves(size: int) -> NDArray[np.float32]:
    """Return the values `(size, WAVES)`, float32, of the waves along an axis at each of its `size` pixels.

    The waves are Gaussian bells of sigma `WIDTH`, 1.5 sigma apart, scaled so that their squares add up to 1 at each
    pixel. So a sum of products of waves along both axes, with independent amplitudes of variance 1, has that variance
    everywhere. It is close to white noise smoothed by a Gaussian of sigma `WIDTH`, as in the distortions of Simard,
    Steinkraus and Platt (ICDAR 2003).
    """
    pixels = (2 * np.arange(size) + 1) / size - 1
    crests = 1.5 * WIDTH * (np.arange(WAVES) - (WAVES - 1) / 2)
    bells: NDArray[np.float64] = np.exp(-((pixels[:, None] - crests) ** 2) / (2 * WIDTH**2))
    return np.asarray(bells / np.linalg.norm(bells, axis=1, keepdims=True), np.float32)
