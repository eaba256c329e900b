"""All that chance decides while a network is trained, as functions of the seed and of the epoch.

So there is no random state to keep, and a training that is resumed from any step goes on as if it had never stopped.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lenet.training.recipe import Recipe

ORDER, DISTORTION, CURVATURE = 0, 1, 2  # streams of random numbers that never meet

Presented = tuple[NDArray[np.int64], NDArray[np.float32] | None]
"""positions of pictures in the training split `(n,)`, and, if they are distorted, how: `(n, numbers)`"""


class Draws:
    """What is drawn for a training by `recipe` on so many pictures.

    The training set is the pictures and, where the recipe has them, their fixed distorted copies; all of them are
    presented in one order after the other, and each epoch is as many of these as there are pictures.
    """

    def __init__(self, recipe: Recipe, pictures: int) -> None:
        self._recipe, self._pictures = recipe, pictures
        self._copies = recipe.augmentation.copies

    def presented(self, epoch: int) -> Presented:
        """The pictures of an epoch (from 0), in the order in which they are presented."""
        turn, part = divmod(epoch, 1 + self._copies)
        order = self._random(ORDER, turn if self._recipe.order == "shuffled" else 0)
        patterns = order.permutation(self._pictures * (1 + self._copies))
        return self._of(patterns[part * self._pictures :][: self._pictures], self._random(DISTORTION, epoch))

    def sample(self, epoch: int) -> Presented:
        """The pictures that second derivatives are estimated from before an epoch."""
        random = self._random(CURVATURE, epoch)
        patterns = random.permutation(self._pictures * (1 + self._copies))[: self._recipe.curvature_pictures]
        return self._of(patterns, random)

    def _of(self, patterns: NDArray[np.int64], random: np.random.Generator) -> Presented:
        """Of patterns of the training set: the pictures first, then a first copy of each, a second one, and so on."""
        if not self._recipe.augmentation:
            return patterns, None
        distortions = self._fixed[patterns] if self._copies else self._draw(len(patterns), random)
        return patterns % self._pictures, distortions

    @cached_property
    def _fixed(self) -> NDArray[np.float32]:
        """The distortion of each pattern of the training set."""
        drawn = self._draw(self._pictures * (1 + self._copies), self._random(DISTORTION, 0))
        drawn[: self._pictures] = 0
        drawn[: self._pictures, [0, 4]] = 1  # the pictures as they are
        return drawn

    def _draw(self, count: int, random: np.random.Generator) -> NDArray[np.float32]:
        return self._recipe.augmentation.draw(count, self._recipe.network.input_size, random)

    def _random(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng((self._recipe.seed, stream, number))
