"""LeNet-5 as in 1998: what the paper leaves open chosen on held-out pictures, then its trainings beside its figures.

    python -m reproduce.lecun1998               # all parts: two hours on 2 cores
    python -m reproduce.lecun1998 choose        # 11 readings of the paper, 4 seeds each
    python -m reproduce.lecun1998 seeds         # the recipe lecun1998, 10 seeds
    python -m reproduce.lecun1998 15000 30000   # the same from fewer pictures (Fig. 6), 5 seeds each
    python -m reproduce.lecun1998 choose-distorted # 6 variants of the recipe lecun1998-distorted, 4 seeds each
    python -m reproduce.lecun1998 distorted     # the recipe lecun1998-distorted, 10 seeds
    python -m reproduce.lecun1998 choose-beyond # 5 variants of the recipe lecun1998-beyond, 2 seeds each
    python -m reproduce.lecun1998 beyond        # the recipe lecun1998-beyond, 5 seeds
    python -m reproduce.lecun1998 1989          # the recipe lecun1989, 3 seeds
    python -m reproduce.lecun1998 --plot        # train nothing, take what there is

Each part leaves the others' results as they are. Writes docs/results/lecun1998.json and the pictures beside it. Every
finished training is kept in runs/reproduce-1998/, and a repeated command goes on with those that are missing; delete
that folder to train all of them anew.

To choose, 10,000 of the 60,000 training pictures are held out; the test set is never seen, and the seeds are others
than those that are counted. The other parts look at the test set after every epoch, as the paper does for its Fig. 5:
nothing is chosen by it, what counts is the last epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from lenet.training.run import RUNS
from reproduce.common import RESULTS, chosen, kept, read_results, side_by_side, write_results
from reproduce.lecun1998_figures import held_out_figures, tested_figures
from reproduce.lecun1998_plot import plot
from reproduce.lecun1998_tables import summary, table

PAPERS, DISTORTED, BEYOND = (RECIPES[name] for name in ("lecun1998", "lecun1998-distorted", "lecun1998-beyond"))
DRAWN = replace(PAPERS, initialisation="lecun1998-sqrt")
HELD_OUT = 1 / 6
KEPT = RUNS / "reproduce-1998"


@dataclass(frozen=True)
class Part:
    """Recipes by name, and the seeds of each; `held_out`: judged by held-out pictures, not by the test set."""

    recipes: dict[str, Recipe]
    seeds: Iterable[int]
    held_out: bool = False


PARTS = {
    "choose": Part(
        {
            "as-it-is": PAPERS,
            "loss-distance": replace(PAPERS, loss="distance"),
            "rubbish-1": replace(PAPERS, rubbish=1.0),
            "rubbish-30": replace(PAPERS, rubbish=30.0),
            "damping-0.08": replace(PAPERS, damping=0.08),
            "damping-0.2": replace(PAPERS, damping=0.2),
            "damping-1": replace(PAPERS, damping=1.0),
            "coefficients-drawn": DRAWN,
            "pooling-sum": replace(DRAWN, network=replace(PAPERS.network, pooling="trainable-sum")),
            "initialisation-lecun1998": replace(PAPERS, initialisation="lecun1998"),
            "literal": RECIPES["lecun1998-literal"],
        },
        seeds=range(100, 104),
        held_out=True,
    ),
    "seeds": Part({"lecun1998": PAPERS}, seeds=range(10)),
    "15000": Part({"lecun1998": replace(PAPERS, pictures=15_000)}, seeds=range(5)),
    "30000": Part({"lecun1998": replace(PAPERS, pictures=30_000)}, seeds=range(5)),
    "choose-distorted": Part(
        {
            "as-it-is": DISTORTED,
            "rubbish-5": replace(DISTORTED, rubbish=5.0),
            "rubbish-20": replace(DISTORTED, rubbish=20.0),
            "damping-0.2": replace(DISTORTED, damping=0.2),
            "damping-0.8": replace(DISTORTED, damping=0.8),
            "coefficients-drawn": replace(DISTORTED, initialisation=DRAWN.initialisation),
        },
        seeds=range(100, 104),
        held_out=True,
    ),
    "distorted": Part({"lecun1998-distorted": DISTORTED}, seeds=range(10)),
    "choose-beyond": Part(
        {
            "as-it-is": BEYOND,
            "elastic-0": replace(BEYOND, augmentation=replace(BEYOND.augmentation, elastic=0.0)),
            "elastic-1.2": replace(BEYOND, augmentation=replace(BEYOND.augmentation, elastic=1.2)),
            "order-constant": replace(BEYOND, order="constant"),
            "epochs-100": replace(BEYOND, epochs=100),
        },
        seeds=(100, 101),
        held_out=True,
    ),
    "beyond": Part({"lecun1998-beyond": BEYOND}, seeds=range(5)),
    "1989": Part({"lecun1989": RECIPES["lecun1989"]}, seeds=range(3)),
}


def train(part: str, name: str, seed: int) -> dict[str, Any]:
    """The figures of one training: those kept of the same recipe, or else new ones, which are then kept."""
    held_out = PARTS[part].held_out
    recipe = replace(PARTS[part].recipes[name], seed=seed, validation=HELD_OUT if held_out else 0.0)
    asked = json.loads(json.dumps(asdict(recipe)))
    measure = held_out_figures if held_out else tested_figures
    figures = kept(KEPT / f"{part}-{name}-seed{seed}.json", asked, lambda: measure(recipe))
    return {"variant": name, "seed": seed, **figures}


def run_part(name: str, results: dict[str, Any]) -> None:
    """The trainings of a part, each written into the results as it comes."""
    part, runs = PARTS[name], list[dict[str, Any]]()
    calls = [(name, recipe, seed) for recipe in part.recipes for seed in part.seeds]
    for run in side_by_side(train, calls):
        runs.append(run)
        runs.sort(key=lambda run: calls.index((name, run["variant"], run["seed"])))
        results[name] = summary(name, runs, held_out=part.held_out)
        write_results("lecun1998", results)
        last = run.get("diverged") or f"{run['held_out_error' if part.held_out else 'test_error'][-1]:.2f} %"
        print(f"{name} {run['variant']} seed {run['seed']}: {last}, {sum(run['seconds']):.0f} s", flush=True)


def main() -> None:
    options = chosen(__doc__, (*PARTS, "all"))
    results = read_results("lecun1998")
    for name in PARTS:
        if not options.plot and {name, "all"} & set(options.names):
            run_part(name, results)
    for name in PARTS:
        if name in results:
            print(f"\n{table(name, results[name])}")
    plot(results, RESULTS)


if __name__ == "__main__":
    main()
