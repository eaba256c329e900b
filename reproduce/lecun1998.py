"""LeNet-5 as in 1998: what the paper leaves open chosen on held-out pictures, then ten seeds beside its figures.

    python -m reproduce.lecun1998          # both parts: about half an hour on 2 cores
    python -m reproduce.lecun1998 choose   # 9 readings of the paper, 2 seeds each; the other part's results stay
    python -m reproduce.lecun1998 seeds    # the recipe lecun1998, 10 seeds
    python -m reproduce.lecun1998 --plot   # train nothing, take what there is

Writes docs/results/lecun1998.json and .png. Every finished training is kept in runs/reproduce-1998/, and a repeated
command goes on with those that are missing; delete that folder to train all of them anew.

`choose` holds 10,000 of the 60,000 training pictures out and never sees the test set, and its seeds are others than
those of `seeds`. `seeds` looks at the test set after every epoch, as the paper does for its Fig. 5: nothing is chosen
by it, what counts is the last epoch.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lenet.data import Split, load_dataset
from lenet.engines import compute_scores
from lenet.errors import InputError
from lenet.files import write_atomically
from lenet.models.network import Network
from lenet.training.epoch import Record
from lenet.training.fit import Training, hold_out
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from lenet.training.run import RUNS
from reproduce.common import RESULTS, chosen, machine, read_results, side_by_side, write_results
from reproduce.lecun1998_plot import plot
from reproduce.tutorials import tested_each_epoch

RECIPE = RECIPES["lecun1998"]
VARIANTS: dict[str, dict[str, Any]] = {
    "as-it-is": {},
    "loss-distance": {"loss": "distance"},
    "rubbish-1": {"rubbish": 1.0},
    "damping-0.08": {"damping": 0.08},
    "damping-0.2": {"damping": 0.2},
    "damping-1": {"damping": 1.0},
    "pooling-sum": {"network": replace(RECIPE.network, pooling="trainable-sum")},
    "initialisation-lecun1998": {"initialisation": "lecun1998"},
    "literal": vars(RECIPES["lecun1998-literal"]),
}
TRAININGS = {  # part: (variant, seed) of each
    "choose": [(variant, seed) for variant in VARIANTS for seed in (100, 101)],
    "seeds": [("as-it-is", seed) for seed in range(10)],
}
HELD_OUT = 1 / 6
KEPT = RUNS / "reproduce-1998"
FIG8 = Path(__file__).with_name("fig8.json")
REST = 0.005  # error allowed on what is not rejected
PAPER = {"test_error": 0.95, "train_error": 0.35}  # percent, section III.B


def train(part: str, variant: str, seed: int) -> dict[str, Any]:
    """The figures of one training: those kept of the same recipe, or else new ones, which are then kept."""
    recipe = replace(RECIPE, **VARIANTS[variant])
    recipe = replace(recipe, seed=seed, validation=HELD_OUT if part == "choose" else 0.0)
    asked = json.loads(json.dumps(asdict(recipe)))
    path = KEPT / f"{part}-{variant}-seed{seed}.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    if kept.get("recipe") != asked:
        figures = held_out_figures(recipe) if part == "choose" else tested_figures(recipe)
        kept = {"recipe": asked, "figures": {"variant": variant, "seed": seed, **figures}}
        KEPT.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(kept).encode())
    return dict(kept["figures"])


def held_out_figures(recipe: Recipe) -> dict[str, Any]:
    """The curves on the held-out pictures, and `diverged`: why they end before their time, if they do."""
    training = Training(recipe, hold_out(recipe, load_dataset(recipe.data)))
    diverged = ""
    try:
        for _ in training.epochs(lambda: False):
            pass
    except InputError as error:
        diverged = str(error)
    return {**curves(training.progress.history, "held_out"), "engine": training.engine.name, "diverged": diverged}


def tested_figures(recipe: Recipe) -> dict[str, Any]:
    """The curves on the test pictures, the rates before the first pass, and what the last network does not read."""
    dataset = tested_each_epoch(recipe.data)
    training = Training(recipe, dataset)
    rates: dict[str, float] = {}

    def watch() -> bool:
        if training.progress.step == 0:
            rates.update(effective_rates(training))
        return False

    for _ in training.epochs(watch):
        pass
    return {
        **curves(training.progress.history, "test"),
        "engine": training.engine.name,
        "effective_rates": rates,
        **last_network(training.kept_network(), dataset.test),
    }


def curves(history: list[Record], held: str) -> dict[str, Any]:
    """Errors in percent after each epoch, those in training as they were met; the seconds of training alone."""
    seconds, patterns = sum(record.seconds for record in history), sum(record.train.count for record in history)
    return {
        "train_error": [round(record.train.error, 3) for record in history],
        f"{held}_error": [round(record.validation.error, 3) for record in history if record.validation],
        "seconds": [round(record.seconds, 2) for record in history],
        "microseconds_per_pattern": round(1e6 * seconds / patterns, 1) if patterns else None,
    }


def effective_rates(training: Training) -> dict[str, float]:
    """The range of rate / (mu + h) over the connections there are; where a table has none, h is 0."""
    state = training.engine.state()
    h = torch.cat([tensor.flatten() for name, tensor in state.items() if "curvature" in name.split(".")])
    rates = (training.recipe.rate / (training.recipe.damping + h[h > 0])).numpy()
    figures = {"lowest": rates.min(), "median": np.median(rates), "highest": rates.max()}
    return {"parameters": len(rates), **{name: float(f"{rate:.3g}") for name, rate in figures.items()}}


def last_network(network: Network, split: Split) -> dict[str, Any]:
    """What of Fig. 8 (of the network trained with distortions) it misses too; what to reject for 0.5 % on the rest."""
    scores = compute_scores(network, split.images).numpy()
    wrong = scores.argmax(1) != split.labels
    theirs = [picture for picture, _, _ in json.loads(FIG8.read_text())["digits"]]
    return {
        "fig8_missed": [picture for picture in theirs if wrong[picture]],
        "rejected": round(100 * rejected(scores, wrong), 2),
    }


def rejected(scores: NDArray[np.float32], wrong: NDArray[np.bool_]) -> float:
    """The least share of pictures to reject, those first whose two highest scores are closest, to leave error `REST`.

    `scores` is `(N, classes)`; `wrong` `(N,)` says which answers are.
    """
    second, first = np.sort(scores, 1)[:, -2:].T
    surest_first = np.argsort(second - first, kind="stable")
    errors = np.cumsum(wrong[surest_first]) / np.arange(1, len(wrong) + 1)
    allowed = np.flatnonzero(errors <= REST)
    return 1 - (allowed[-1] + 1) / len(wrong) if len(allowed) else 1.0


def summary(part: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What goes into the results of one part, as far as its trainings have come."""
    runs = sorted(runs, key=lambda run: TRAININGS[part].index((run["variant"], run["seed"])))
    found = variants_summary(runs) if part == "choose" else seeds_summary(runs)
    return {"command": f"python -m reproduce.lecun1998 {part}", "machine": machine(), **found}


def variants_summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(run["variant"] for run in runs))
    by_name = {name: [run for run in runs if run["variant"] == name] for name in names}
    return {
        "held_out_pictures": 10_000,
        "variants": {name: {**spread("held_out_error", of), "seeds": of} for name, of in by_name.items()},
    }


def seeds_summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    missed = [set(run["fig8_missed"]) for run in runs]
    return {
        **spread("test_error", runs),
        **spread("train_error", runs),
        "paper": PAPER,
        "microseconds_per_pattern": median(run["microseconds_per_pattern"] for run in runs),
        "rejected_mean": round(mean(run["rejected"] for run in runs), 2),
        "fig8_missed_mean": round(mean(map(len, missed)), 1),
        "fig8_missed_by_all": sorted(set.intersection(*missed)),
        "fig8_missed_by_none": len(json.loads(FIG8.read_text())["digits"]) - len(set.union(*missed)),
        "seeds": runs,
    }


def spread(error: str, runs: list[dict[str, Any]]) -> dict[str, float | None]:
    """Mean and standard deviation of the last epoch's error; None where a training diverged, or is the only one."""
    trained = not any(run.get("diverged") for run in runs)
    last = [run[error][-1] for run in runs] if trained else []
    return {
        f"{error}_mean": round(mean(last), 3) if last else None,
        f"{error}_sd": round(stdev(last), 3) if len(last) > 1 else None,
    }


def variants_table(found: dict[str, Any]) -> str:
    """For each variant the last epoch's held-out error of each seed, and their mean."""
    lines = [f"{'held-out error (%)':26}{'by seed':>18}{'mean':>10}"]
    for name, of in found["variants"].items():
        cells = ["diverged" if run["diverged"] else f"{run['held_out_error'][-1]:.2f}" for run in of["seeds"]]
        average = of["held_out_error_mean"]
        lines.append(f"{name:26}{' '.join(f'{cell:>8}' for cell in cells):>18}{figure(average):>10}")
    return "\n".join(lines)


def seeds_table(found: dict[str, Any]) -> str:
    """The last epoch's errors of each seed beside the paper's; then what else was measured."""
    runs = found["seeds"]
    lines = [f"{'seed':14}" + "".join(f"{run['seed']:>6}" for run in runs) + f"{'mean +- sd':>18}{'paper':>8}"]
    for name, published in PAPER.items():
        cells = "".join(f"{run[name][-1]:>6.2f}" for run in runs)
        average = f"{figure(found[f'{name}_mean'])} +- {figure(found[f'{name}_sd'])}"
        lines.append(f"{name.replace('_', ' ') + ' (%)':14}{cells}{average:>18}{published:>8.2f}")
    rates = [run["effective_rates"] for run in runs]
    lowest, middle, highest = (
        f"{pick(rate[name] for rate in rates):.2g}"
        for pick, name in ((min, "lowest"), (median, "median"), (max, "highest"))
    )
    return "\n".join(
        [
            *lines,
            f"effective rates {lowest} to {highest}, median {middle} (paper: 7e-05 to 0.016)",
            f"rejected for 0.5 % error on the rest: {found['rejected_mean']:.2f} %",
            f"of the 82 digits of Fig. 8 missed: {found['fig8_missed_mean']:.1f} in the mean, "
            f"{len(found['fig8_missed_by_all'])} by all seeds, {found['fig8_missed_by_none']} by none",
            f"{found['microseconds_per_pattern']:.1f} microseconds per pattern",
        ]
    )


def figure(error: float | None) -> str:
    return "-" if error is None else f"{error:.2f}"


def run_part(part: str, results: dict[str, Any]) -> None:
    """The trainings of a part, each written into the results as it comes."""
    runs: list[dict[str, Any]] = []
    for run in side_by_side(train, [(part, *training) for training in TRAININGS[part]]):
        runs.append(run)
        results[part] = summary(part, runs)
        write_results("lecun1998", results)
        last = run.get("diverged") or f"{run['held_out_error' if part == 'choose' else 'test_error'][-1]:.2f} %"
        print(f"{part} {run['variant']} seed {run['seed']}: {last}, {sum(run['seconds']):.0f} s", flush=True)


def main() -> None:
    options = chosen(__doc__, (*TRAININGS, "all"))
    results = read_results("lecun1998")
    for part in TRAININGS:
        if not options.plot and {part, "all"} & set(options.names):
            run_part(part, results)
    if "choose" in results:
        print(f"\n{variants_table(results['choose'])}")
    if "seeds" in results:
        print(f"\n{seeds_table(results['seeds'])}")
        plot(results["seeds"]["seeds"], RESULTS / "lecun1998.png")


if __name__ == "__main__":
    main()
