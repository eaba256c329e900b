"""The plan of a training: the order of its pictures, their distortions, and the rate of each step.

All of it is a function of the recipe, the number of pictures, the epoch and the step. There is no random state to save,
so a training that is resumed from any step goes on as if it had never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lenet.training.recipe import Recipe
from lenet.training.schedules import rate_factor

ORDER, DISTORTION, CURVATURE = 0, 1, 2  # independent streams of random numbers

Presented = tuple[NDArray[np.int64], NDArray[np.float32] | None]
"""The positions `(n,)` of pictures in the training split, and their distortions `(n, numbers)` or None."""


@dataclass(frozen=True)
class Plan:
    """The plan of a training by `recipe` on N `pictures`, from its first step to its last.

    The training set consists of the N pictures and, for each of them, `recipe.augmentation.copies` fixed distorted
    versions. Each pass over the whole set has a new order, or the same one if `recipe.order` is constant. An epoch is
    the next N items of the pass. If there is a distortion but no copies, every item is distorted anew in each epoch.
    """

    recipe: Recipe
    pictures: int

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in each epoch; the last batch may be smaller than the others."""
        return -(-self.pictures // self.recipe.method.batch)

    @property
    def steps(self) -> int:
        """The number of steps in all epochs."""
        return self.steps_per_epoch * self.recipe.epochs

    def rate(self, step: int) -> float:
        """Return the learning rate of `step`, counted from 0 over all epochs."""
        recipe = self.recipe
        return recipe.rate * rate_factor(recipe.schedule, recipe.warmup, step, self.steps)

    def presented(self, epoch: int) -> Presented:
        """Return the positions and distortions of the pictures of `epoch` (from 0), in the order of presentation."""
        turn, part = divmod(epoch, 1 + self._copies)
        order = self._random(ORDER, turn if self.recipe.order == "shuffled" else 0)
        items = order.permutation(self._items)
        return self._look_up(items[part * self.pictures :][: self.pictures], self._random(DISTORTION, epoch))

    def sample(self, epoch: int) -> Presented:
        """Return the positions and distortions of the pictures that give the second derivatives for `epoch` (from 0).

        They are `recipe.curvature_pictures` items drawn at random, or all items if there are fewer.
        """
        random = self._random(CURVATURE, epoch)
        return self._look_up(random.permutation(self._items)[: self.recipe.curvature_pictures], random)

    @property
    def _copies(self) -> int:
        return self.recipe.augmentation.copies

    @property
    def _items(self) -> int:
        """The number of items in the training set: the pictures, then a first copy of each, a second, and so on."""
        return self.pictures * (1 + self._copies)

    def _look_up(self, items: NDArray[np.int64], random: np.random.Generator) -> Presented:
        """Return the positions and distortions of `items`.

        With copies, the distortions are fixed. Without copies, they are drawn from `random`, or are None if nothing is
        distorted.
        """
        if not self.recipe.augmentation:
            return items, None
        distortions = self._fixed[items] if self._copies else self._draw(len(items), random)
        return items % self.pictures, distortions

    @cached_property
    def _fixed(self) -> NDArray[np.float32]:
        """The distortions `(items, numbers)` of the training set, used only if there are copies."""
        drawn = self._draw(self._items, self._random(DISTORTION, 0))
        drawn[: self.pictures] = 0
        drawn[: self.pictures, [0, 4]] = 1  # the identity, for the pictures themselves
        return drawn

    def _draw(self, count: int, random: np.random.Generator) -> NDArray[np.float32]:
        return self.recipe.augmentation.draw(count, self.recipe.network.input_size, random)

    def _random(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng((self.recipe.seed, stream, number))
