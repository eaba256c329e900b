"""The results of reproduce/lecun1998.py for a part: numbers over its seeds, and a table beside the paper's."""

from __future__ import annotations

from statistics import mean, median, stdev
from typing import Any

from reproduce.lecun1998_measure import FIG8
from reproduce.results import machine

PAPER: dict[str, dict[str, float | None]] = {  # part: percent, section III.B and Fig. 6
    "seeds": {"test_error": 0.95, "train_error": 0.35},
    "15000": {"test_error": 1.68, "train_error": 0.05},
    "30000": {"test_error": 1.14, "train_error": 0.31},
    "distorted": {"test_error": 0.82, "train_error": None},
    "beyond": {"test_error": None, "train_error": None},
    "1989": {"test_error": 5.0, "train_error": 0.14},  # for zip codes, not MNIST
}


def summary(part: str, runs: list[dict[str, Any]], *, held_out: bool) -> dict[str, Any]:
    """Return the results of `part`, as far as its trainings `runs` have come."""
    found = variants_summary(runs) if held_out else seeds_summary(part, runs)
    return {"command": f"python -m reproduce.lecun1998 {part}", "machine": machine(), **found}


def variants_summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(run["variant"] for run in runs))
    by_name = {name: [run for run in runs if run["variant"] == name] for name in names}
    return {
        "held_out_pictures": 10_000,
        "variants": {name: {**spread("held_out_error", of), "seeds": of} for name, of in by_name.items()},
    }


def seeds_summary(part: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    missed = [set(run["fig8_missed"]) for run in runs]
    return {
        **spread("test_error", runs),
        **spread("train_error", runs),
        "paper": PAPER[part],
        "microseconds_per_pattern": round(median(run["microseconds_per_pattern"] for run in runs), 1),
        "minutes": round(median(sum(run["seconds"]) for run in runs) / 60, 2),
        "rejected_mean": round(mean(run["rejected"] for run in runs), 2),
        "fig8_missed_mean": round(mean(map(len, missed)), 1),
        "fig8_missed_by_all": sorted(set.intersection(*missed)),
        "fig8_missed_by_none": len(FIG8) - len(set.union(*missed)),
        "seeds": runs,
    }


def spread(error: str, runs: list[dict[str, Any]]) -> dict[str, float | None]:
    """Return the mean and the standard deviation of the last epoch's error.

    Both are None if a training diverged, and the deviation is None for a single training.
    """
    trained = not any(run.get("diverged") for run in runs)
    last = [run[error][-1] for run in runs] if trained else []
    return {
        f"{error}_mean": round(mean(last), 3) if last else None,
        f"{error}_sd": round(stdev(last), 3) if len(last) > 1 else None,
    }


def table(part: str, found: dict[str, Any]) -> str:
    """Return the results of `part` as a table."""
    return f"{part}\n{variants_table(found) if 'variants' in found else seeds_table(found)}"


def variants_table(found: dict[str, Any]) -> str:
    """Return a table of the last epoch's held-out errors: for each variant those of its seeds, and their mean."""
    lines = [f"{'held-out error (%)':26}{'by seed':>18}{'mean':>10}"]
    for name, of in found["variants"].items():
        cells = ["diverged" if run["diverged"] else f"{run['held_out_error'][-1]:.2f}" for run in of["seeds"]]
        average = of["held_out_error_mean"]
        lines.append(f"{name:26}{' '.join(f'{cell:>8}' for cell in cells):>18}{percent(average):>10}")
    return "\n".join(lines)


def seeds_table(found: dict[str, Any]) -> str:
    """Return a table of each seed's errors in the last epoch beside the paper's, then the other measurements."""
    runs = found["seeds"]
    lines = [f"{'seed':14}" + "".join(f"{run['seed']:>6}" for run in runs) + f"{'mean +- sd':>18}{'paper':>8}"]
    for name, published in found["paper"].items():
        cells = "".join(f"{run[name][-1]:>6.2f}" for run in runs)
        average = f"{percent(found[f'{name}_mean'])} +- {percent(found[f'{name}_sd'])}"
        lines.append(f"{name.replace('_', ' ') + ' (%)':14}{cells}{average:>18}{percent(published):>8}")
    rates = [run["effective_rates"] for run in runs]
    lowest, middle, highest = (
        f"{pick(rate[name] for rate in rates):.2g}"
        for pick, name in ((min, "lowest"), (median, "median"), (max, "highest"))
    )
    return "\n".join(
        [
            *lines,
            f"effective rates {lowest} to {highest}, median {middle} (paper of 1998: 7e-05 to 0.016)",
            f"rejected for 0.5 % error on the rest: {found['rejected_mean']:.2f} %",
            f"of the 82 digits of Fig. 8 missed: {found['fig8_missed_mean']:.1f} in the mean, "
            f"{len(found['fig8_missed_by_all'])} by all seeds, {found['fig8_missed_by_none']} by none",
            f"{found['microseconds_per_pattern']:.1f} microseconds a pattern, {found['minutes']:.1f} minutes in all",
        ]
    )


def percent(error: float | None) -> str:
    return "-" if error is None else f"{error:.2f}"
