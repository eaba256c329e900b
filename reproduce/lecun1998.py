"""LeNet-5 as in 1998: what the paper leaves open is chosen on held-out pictures, then its trainings are repeated.

    python -m reproduce.lecun1998               # all parts: two hours on 2 cores
    python -m reproduce.lecun1998 choose        # 11 readings of the paper, 4 seeds each
    python -m reproduce.lecun1998 seeds         # the recipe lecun1998, 10 seeds
    python -m reproduce.lecun1998 15000 30000   # the same from fewer pictures (Fig. 6), 5 seeds each
    python -m reproduce.lecun1998 choose-distorted # 6 variants of the recipe lecun1998-distorted, 4 seeds each
    python -m reproduce.lecun1998 distorted     # the recipe lecun1998-distorted, 10 seeds
    python -m reproduce.lecun1998 choose-beyond # 5 variants of the recipe lecun1998-beyond, 2 seeds each
    python -m reproduce.lecun1998 beyond        # the recipe lecun1998-beyond, 5 seeds
    python -m reproduce.lecun1998 1989          # the recipe lecun1989, 10 seeds
    python -m reproduce.lecun1998 --plot        # train nothing, take what there is

Each part leaves the results of the others unchanged. The command writes docs/results/lecun1998.json and the plots
beside it. The measurements of a finished training are cached in runs/reproduce-1998/, and a repeated command goes on
with the missing ones. Delete that folder to train all of them anew.

To choose, 10,000 of the 60,000 training pictures are held out. The test set is never seen, and the seeds are not those
that are counted. The other parts look at the test set after every epoch, as the paper does for its Fig. 5. Nothing is
chosen by it: only the last epoch counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from lenet.jobs import run_side_by_side
from lenet.records import with_leaves
from lenet.training.recipe import Recipe
from lenet.training.recipes import RECIPES
from lenet.training.run import RUNS
from reproduce.lecun1998_measure import measure_held_out, measure_tested
from reproduce.lecun1998_plot import plot
from reproduce.lecun1998_tables import summary, table
from reproduce.results import RESULTS, cached, chosen, read_results, write_results

PAPERS, DISTORTED, BEYOND = (RECIPES[name] for name in ("lecun1998", "lecun1998-distorted", "lecun1998-beyond"))
DRAWN = replace(PAPERS, initialisation="lecun1998-sqrt")
HELD_OUT = 1 / 6
CACHE = RUNS / "reproduce-1998"


@dataclass(frozen=True)
class Part:
    """The `recipes` by name, and the `seeds` of each. If `held_out`, held-out pictures judge them, not the test set."""

    recipes: dict[str, Recipe]
    seeds: Iterable[int]
    held_out: bool = False


PARTS = {
    "choose": Part(
        {
            "as-it-is": PAPERS,
            "loss-distance": with_leaves(PAPERS, {"loss": "distance"}),
            "rubbish-1": with_leaves(PAPERS, {"rubbish": 1.0}),
            "rubbish-30": with_leaves(PAPERS, {"rubbish": 30.0}),
            "damping-0.08": with_leaves(PAPERS, {"damping": 0.08}),
            "damping-0.2": with_leaves(PAPERS, {"damping": 0.2}),
            "damping-1": with_leaves(PAPERS, {"damping": 1.0}),
            "coefficients-drawn": DRAWN,
            "pooling-sum": with_leaves(DRAWN, {"pooling": "trainable-sum"}),
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
            "rubbish-5": with_leaves(DISTORTED, {"rubbish": 5.0}),
            "rubbish-20": with_leaves(DISTORTED, {"rubbish": 20.0}),
            "damping-0.2": with_leaves(DISTORTED, {"damping": 0.2}),
            "damping-0.8": with_leaves(DISTORTED, {"damping": 0.8}),
            "coefficients-drawn": replace(DISTORTED, initialisation=DRAWN.initialisation),
        },
        seeds=range(100, 104),
        held_out=True,
    ),
    "distorted": Part({"lecun1998-distorted": DISTORTED}, seeds=range(10)),
    "choose-beyond": Part(
        {
            "as-it-is": BEYOND,
            "elastic-0": with_leaves(BEYOND, {"elastic": 0.0}),
            "elastic-1.2": with_leaves(BEYOND, {"elastic": 1.2}),
            "order-constant": replace(BEYOND, order="constant"),
            "epochs-100": replace(BEYOND, epochs=100),
        },
        seeds=(100, 101),
        held_out=True,
    ),
    "beyond": Part({"lecun1998-beyond": BEYOND}, seeds=range(5)),
    "1989": Part({"lecun1989": RECIPES["lecun1989"]}, seeds=range(10)),
}


def train(part: str, name: str, seed: int) -> dict[str, Any]:
    """Return the measurements of one training: the cached ones of the same recipe, or new ones."""
    held_out = PARTS[part].held_out
    recipe = replace(PARTS[part].recipes[name], seed=seed, validation=HELD_OUT if held_out else 0.0)
    asked = json.loads(json.dumps(asdict(recipe)))
    measure = measure_held_out if held_out else measure_tested
    measured = cached(CACHE / f"{part}-{name}-seed{seed}.json", asked, lambda: measure(recipe))
    return {"variant": name, "seed": seed, **measured}


def run_part(name: str, results: dict[str, Any]) -> None:
    """Run the trainings of the part `name`, and write each into the `results` as it comes."""
    part, runs = PARTS[name], list[dict[str, Any]]()
    calls = [(name, recipe, seed) for recipe in part.recipes for seed in part.seeds]
    for run in run_side_by_side(train, calls):
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
