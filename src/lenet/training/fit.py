"""The training loop: a generator that yields one record per epoch and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset, load_dataset
from lenet.engines import choose_engine
from lenet.engines.losses import make_loss
from lenet.errors import InputError
from lenet.models.initialise import initialise
from lenet.models.network import Network
from lenet.training.checkpoint import Progress, read_state, write_state
from lenet.training.draws import Draws
from lenet.training.environment import environment, split_record
from lenet.training.epoch import Epoch, Record
from lenet.training.evaluate import Score, evaluate
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.schedules import rate_factor

SPAN = 2048  # pictures that are learned from between two questions whether to stop


def fit(
    recipe: Recipe,
    *,
    engine: str = "auto",
    device: str = "auto",
    dataset: Dataset | None = None,
    run: Run | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Epoch]:
    """Train as the recipe says: a generator of one `Epoch` after each pass over the training pictures.

    `dataset` stands in for the one that the recipe names; the recipe's validation split is taken from it. With a `run`
    the state is saved there after each epoch, and a run that has a state goes on from it. When `stop()`, asked every
    `SPAN` pictures, is true, the training saves and ends. Raises `InputError` at once when recipe, data, engine and
    device do not go together.
    """
    training = Training(recipe, hold_out(recipe, dataset or load_dataset(recipe.data)), engine=engine, device=device)
    if run:
        training.attach(run)
    return training.epochs(stop)


def hold_out(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The data set with the recipe's validation split held out, and as many training pictures as it learns from."""
    return dataset.hold_out(recipe.validation, recipe.seed).limit(recipe.pictures, recipe.seed)


def make_network(recipe: Recipe, dataset: Dataset) -> Network:
    """The recipe's network for these pictures and classes, with its initial weights."""
    network = Network(
        recipe.network,
        classes=dataset.classes,
        channels=dataset.channels,
        picture_size=dataset.picture_size,
        background=dataset.background,
        preparation=recipe.preparation,
    )
    initialise(network, recipe.initialisation, recipe.seed)
    return network


class Training:
    """A training under way: the engine, which has the weights, and the `Progress` made so far.

    Raises `InputError` when recipe, data, engine and device do not go together; nothing is written then.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset, *, engine: str = "auto", device: str = "auto") -> None:
        self.recipe, self.dataset = recipe, dataset
        network = make_network(recipe, dataset)
        choice = choose_engine(engine, device, network, recipe.method)
        self.engine = choice.engine(network, dataset.train, recipe.method, choice.device)
        self.why_engine = choice.why
        self.steps_per_epoch = -(-len(dataset.train) // recipe.batch)
        self.progress = Progress()
        self.run: Run | None = None
        self._draws = Draws(recipe, len(dataset.train))

    def attach(self, run: Run) -> None:
        """Save to `run` from now on; if it has a state already, go on from that."""
        self.run = run
        if run.state.exists():
            self.progress = read_state(run, self.engine, self.dataset)
            self.save()  # what is derived from the state may be older than it, if a kill came between
            return
        run.write_json("environment.json", environment(self.dataset, self.engine.name, self.engine.device))
        run.write_json("split.json", split_record(self.recipe, self.dataset))
        self.save()

    def epochs(self, stop: Callable[[], bool], every: int | None = None) -> Iterator[Epoch]:
        """Train on, yielding an `Epoch` at the end of each, until finished or `stop()` is true.

        It is asked before every so many steps, those of `SPAN` pictures unless told otherwise.
        """
        while not self.finished:
            if not self._train_epoch(stop, every or max(1, SPAN // self.recipe.batch)):
                self.save()
                return
            yield self._close_epoch()

    @property
    def finished(self) -> bool:
        done = self.progress.history
        patience = self.recipe.patience
        return len(done) >= self.recipe.epochs or bool(patience and len(done) - self.progress.best_epoch >= patience)

    def _train_epoch(self, stop: Callable[[], bool], every: int) -> bool:
        """Take the steps that are left of this epoch; False when told to stop before its end."""
        epoch, step = divmod(self.progress.step, self.steps_per_epoch)
        before, started = self.progress.seconds, perf_counter()
        index, distortions = self._draws.presented(epoch)
        if step == 0:
            self.engine.begin_epoch(*self._draws.sample(epoch))
        span = every * self.recipe.batch
        for start in range(step * self.recipe.batch, len(index), span):
            if stop():
                return False
            some = slice(start, start + span)
            self.learn(index[some], None if distortions is None else distortions[some])
            self.progress.seconds = before + perf_counter() - started
        self.engine.tally()  # waits for an accelerator to be done
        self.progress.seconds = before + perf_counter() - started
        return True

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None = None) -> None:
        """Take the next steps, each on the next batch of the training pictures at `index`, distorted where so given."""
        step, steps = self.progress.step, -(-len(index) // self.recipe.batch)
        rates = [self._rate(step + later) for later in range(steps)]
        self.engine.learn(index, distortions, rates)
        self.progress.step += steps

    def _rate(self, step: int) -> float:
        steps = self.steps_per_epoch * self.recipe.epochs
        return self.recipe.rate * rate_factor(self.recipe.schedule, self.recipe.warmup, step, steps)

    def _close_epoch(self) -> Epoch:
        """Evaluate, write the history on, choose, save."""
        tally, network = self.engine.tally(), self.engine.network
        record = Record(
            epoch=len(self.progress.history) + 1,
            train=Score(tally.loss / tally.count, tally.misses, tally.count),
            validation=self._validate(network),
            rate=self._rate(self.progress.step - 1),
            seconds=self.progress.seconds,
        )
        self._refuse_divergence(record)
        self.progress.add(record, network)
        self.engine.clear_tally()
        kept = self.kept_network()
        self.save(kept)
        return Epoch(**vars(record), network=kept)

    def _validate(self, network: Network) -> Score | None:
        if not self.dataset.validation:
            return None
        engine = "torch" if self.engine.name == "torch" else "auto"
        loss, repeats = make_loss(self.recipe.method), self.recipe.epochs
        return evaluate(network, self.dataset.validation, loss=loss, engine=engine, repeats=repeats).score

    def _refuse_divergence(self, record: Record) -> None:
        """Before a network that is no longer one replaces what was saved."""
        losses = [score.loss for score in (record.train, record.validation) if score]
        weights = self.engine.network.parameters()
        if not (all(map(math.isfinite, losses)) and all(weight.isfinite().all() for weight in weights)):
            raise InputError(
                f"the network diverged in epoch {record.epoch}, its loss is no longer a number: "
                f"try a rate below {self.recipe.rate:g}"
            )

    def save(self, kept: Network | None = None) -> None:
        """Write all that goes on from here to the run folder, if there is one; `kept` is the kept network, if known."""
        if self.run:
            write_state(self.run, self.engine, self.progress, self.dataset, kept or self.kept_network())

    def kept_network(self) -> Network:
        """The network that the recipe keeps: the last, or the best by validation error."""
        if self.recipe.keep == "last" or not self.progress.best_weights:
            return self.engine.network
        network = deepcopy(self.engine.network)
        network.load_state_dict(self.progress.best_weights)
        return network
