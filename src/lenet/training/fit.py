"""The training loop: a generator that yields one `Epoch` after another and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset, Split
from lenet.data.download import Progress as Downloads
from lenet.engines.choose import choose_engine
from lenet.engines.losses import make_loss
from lenet.errors import InputError
from lenet.inference.calibrate import calibrate
from lenet.inference.evaluate import Evaluation, Score, evaluate
from lenet.models.network import Network
from lenet.training.checkpoint import Progress, read_state, write_derived, write_state
from lenet.training.data import absolute, hold_out, load_training_data, split_record
from lenet.training.environment import environment
from lenet.training.epoch import Epoch, EpochSummary, check_finite
from lenet.training.plan import Plan
from lenet.training.recipe import Recipe
from lenet.training.run import Run
from lenet.training.start import check_network, make_network

SPAN = 2048  # pictures between two calls of `stop`: Ctrl-C is answered soon, and the calls cost nothing


def fit(
    recipe: Recipe,
    *,
    engine: str = "auto",
    device: str = "auto",
    dataset: Dataset | None = None,
    run: Run | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Downloads | None = None,
) -> Iterator[Epoch]:
    """Return a generator that trains by `recipe` and yields an `Epoch` after each epoch.

    `engine` is auto, halide or torch; `device` is auto or a device of torch. `dataset` replaces the one that the recipe
    names; it is split by `lenet.training.data.hold_out`. With a `run`, the training goes on from the run's state, if it
    has one, and saves its state there after each epoch and when it is stopped; auto then means the engine and the
    device in `run.settings`. `stop` is called between steps, about once in `SPAN` pictures, and stops the training when
    it returns True. `progress` is as in `lenet.data.load_dataset`. Raises `InputError` at once when the run is finished
    or damaged, when the data set cannot be loaded, or when recipe, data, engine, device and run do not go together; and
    during the training when the network diverges.
    """
    data_dir = run.settings.data_dir if run else None
    data = hold_out(recipe, dataset) if dataset else load_training_data(recipe, data_dir, progress)
    if run:
        engine = run.settings.engine if engine == "auto" else engine
        device = run.settings.device if device == "auto" else device
    training = Training(recipe, data, engine=engine, device=device)
    if run:
        training.resume(run)
    return training.epochs(stop)


class Training:
    """A training under way: the engine, which has the weights, and the `Progress` made so far.

    `dataset` is used as it is: `hold_out` must have split it already. A given `network` goes on learning and is
    changed; otherwise a new one is made, and its initial weights are drawn with the recipe's seed. `engine` and
    `device` are as in `fit`. Raises `InputError` when recipe, data, network, engine and device do not go together.
    Nothing is written before `begin` or `resume`.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        *,
        network: Network | None = None,
        engine: str = "auto",
        device: str = "auto",
    ) -> None:
        self.recipe, self.dataset = absolute(recipe), dataset
        if network is None:
            network = make_network(recipe, dataset)
        else:
            check_network(network, recipe, dataset)
        choice = choose_engine(engine, device, network.spec, recipe.method)
        distortion = recipe.augmentation.numbers
        self.engine = choice.engine(network, dataset.train, recipe.method, choice.device, distortion=distortion)
        self.why_engine = choice.why
        self.plan = Plan(recipe, len(dataset.train))
        self.progress = Progress()
        self.run: Run | None = None

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in each epoch."""
        return self.plan.steps_per_epoch

    @property
    def finished(self) -> bool:
        """True once all epochs are done, or the recipe's `patience` has run out."""
        done = len(self.progress.history)
        patience = self.recipe.patience
        return done >= self.recipe.epochs or bool(patience and done - self.progress.best_epoch >= patience)

    def begin(self, run: Run) -> None:
        """Begin the training: write its environment, split and first state to `run`, and save there from now on.

        Raises `InputError` when `run` holds the state of a training already, was made for another recipe or engine, or
        is damaged.
        """
        if run.state.exists():
            raise InputError(f"{run.path} has been begun already: resume it, or begin in a new folder")
        run.refuse_change(self.recipe, self.engine.name)
        self._write_down(run)
        run.write_json("split.json", split_record(self.recipe, self.dataset))
        self.save()

    def resume(self, run: Run) -> None:
        """Go on from the state in `run`, and save there from now on; begin if the run has no state yet.

        Raises `InputError` when the run is finished or damaged, or when it was begun with another recipe, engine or
        data set.
        """
        run.check_unfinished()
        if not run.state.exists():
            self.begin(run)
            return
        run.refuse_change(self.recipe, self.engine.name)
        self.progress = read_state(run, self.engine, self.dataset)
        self._write_down(run)
        # the process may have been killed after it wrote the state and before it wrote the files derived from it
        if self.finished:
            self._calibrate()
        write_derived(run, self.progress.history, self.dataset, self.kept_network())

    def _write_down(self, run: Run) -> None:
        self.run = run
        run.add_leg(environment(self.dataset, self.engine.name, self.engine.device, self.progress.step))

    def epochs(self, stop: Callable[[], bool], every: int | None = None) -> Iterator[Epoch]:
        """Train until the training is finished or `stop()` is true; after each epoch, save and yield an `Epoch`.

        `stop` is called before each stretch of `every` steps. By default, a stretch has about `SPAN` pictures, or one
        step if a batch has more. When `stop()` is true, the state is saved. Raises `InputError`, and saves nothing,
        when the network has diverged.
        """
        while not self.finished:
            if not self._train_epoch(stop, every or max(1, SPAN // self.recipe.method.batch)):
                check_finite(self.engine.network, self.recipe.rate)
                self.save()
                return
            yield self._close_epoch()

    def _train_epoch(self, stop: Callable[[], bool], every: int) -> bool:
        """Take the remaining steps of the current epoch, and return True; return False as soon as `stop()` is true."""
        epoch, step = divmod(self.progress.step, self.steps_per_epoch)
        before, started = self.progress.seconds, perf_counter()
        index, distortions = self.plan.presented(epoch)
        if step == 0:
            self.engine.begin_epoch(*self.plan.sample(epoch))
        batch = self.recipe.method.batch
        for start in range(step * batch, len(index), every * batch):
            if stop():
                return False
            span = slice(start, start + every * batch)
            self.learn(index[span], None if distortions is None else distortions[span])
            self.progress.seconds = before + perf_counter() - started
        self.engine.tally()  # waits until an accelerator is done
        self.progress.seconds = before + perf_counter() - started
        return True

    def learn(self, index: NDArray[np.int64], distortions: NDArray[np.float32] | None = None) -> None:
        """Take one step on each batch of the training pictures at `index` `(n,)`, at the next rates of the plan.

        `distortions` `(n, numbers)` must be given if the recipe distorts pictures, and must be None if it does not.
        """
        step, steps = self.progress.step, -(-len(index) // self.recipe.method.batch)
        self.engine.learn(index, distortions, [self.plan.rate(later) for later in range(step, step + steps)])
        self.progress.step += steps

    def _close_epoch(self) -> Epoch:
        """Evaluate the network, append a summary to the history, save, and return the `Epoch`.

        Raises `InputError`, and saves nothing, when the network has diverged.
        """
        summary = self._summary()
        check_finite(self.engine.network, self.recipe.rate, summary)
        self.progress.close_epoch(summary, self.engine.network)
        self.engine.clear_tally()
        if self.finished:
            self._calibrate()
        kept = self.kept_network()
        self.save(kept)
        return Epoch(**vars(summary), network=kept)

    def _summary(self) -> EpochSummary:
        tally = self.engine.tally()
        return EpochSummary(
            epoch=len(self.progress.history) + 1,
            train=Score(tally.loss / tally.count, tally.misses, tally.count),
            validation=self._validate(),
            rate=self.plan.rate(self.progress.step - 1),
            seconds=self.progress.seconds,
        )

    def _validate(self) -> Score | None:
        split = self.dataset.validation
        if not split:
            return None
        return self.evaluate(self.engine.network, split, times=self.recipe.epochs).score

    def evaluate(self, network: Network, split: Split, *, times: int = 1) -> Evaluation:
        """Return the evaluation of `network` on `split`, with the loss of the recipe.

        If the training is done by torch, so is the evaluation; otherwise, the engine is chosen as for "auto". For that
        choice, `times` is the number of times that networks of this form will be evaluated on `split` in all.
        """
        loss, asked = make_loss(self.recipe.method), times * len(split)
        return evaluate(network, split, loss=loss, engine=self._engine_to_evaluate, pictures=asked)

    @property
    def _engine_to_evaluate(self) -> str:
        return "torch" if self.engine.name == "torch" else "auto"

    def _calibrate(self) -> None:
        """Write the calibration on the held-out pictures, if there are any, into the spec of the kept network."""
        if self.dataset.validation:
            engine, asked = self._engine_to_evaluate, self.recipe.epochs * len(self.dataset.validation)
            found = calibrate(self.kept_network(), self.dataset.validation, engine=engine, pictures=asked)
            network = self.engine.network  # a copy of it, with the best weights, has its spec
            network.spec = replace(network.spec, calibration=found)

    def save(self, kept: Network | None = None) -> None:
        """Write the state of the training and the files derived from it to the run folder, if there is one.

        `kept` is the kept network, if the caller has it already.
        """
        if self.run:
            write_state(self.run, self.engine, self.progress, self.dataset)
            write_derived(self.run, self.progress.history, self.dataset, kept or self.kept_network())

    @property
    def kept_epoch(self) -> EpochSummary:
        """The summary of the epoch that the recipe keeps: the last or, so far, the best by validation error."""
        best = self.progress.best_epoch if self.recipe.keep == "best" else 0
        return self.progress.history[best - 1]

    def kept_network(self) -> Network:
        """Return the network that the recipe keeps: that of the engine, or a copy of the best by validation error.

        As long as there is no best one, it is that of the engine.
        """
        if self.recipe.keep == "last" or not self.progress.best_weights:
            return self.engine.network
        network = deepcopy(self.engine.network)
        network.load_state_dict(self.progress.best_weights)
        return network
