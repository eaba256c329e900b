"""The speed of lenet beside its peers on this machine's CPU, on the same work, in one run.

    python -m benchmarks.cpu [--quick] [--plot]

The work is that of LeNet-5 (61,706 parameters, 32x32 input, ReLU, maximum pooling) with SGD at rate 0.01 and momentum
0.9 and with cross-entropy. It is done on MNIST's pictures, or on random ones of their size if MNIST is not at hand. The
clock covers gathering the batch from memory, scaling, and the step. It does not cover loading, importing, compiling, a
round that warms up, and the beginning of each round. All systems take turns, round after round. A figure is the median
of the rounds; a ratio or a share is the median of the rounds' ratios. The share of the peak counts the multiply-adds
that a step needs, against what the machine reaches in the same round on as many cores.

JAX, MXNet (the Gluon tutorial's network, beside ours of it) and ONNX Runtime (answers alone) take part if
BENCH_JAX_PYTHON, BENCH_MXNET_PYTHON and BENCH_ORT_PYTHON name interpreters that have them. `pip install jax`, `pip
install mxnet 'numpy<1.24'` and `pip install onnx onnxruntime` install them, each in a separate environment.

The command writes docs/results/cpu.json and cpu.png. With `--quick` (a trial, with figures that mean little) it writes
the same files to build/.
"""

from __future__ import annotations

import argparse
import json
from statistics import median
from typing import Any

import numpy as np

from benchmarks.cases import CORES, WORKS, Case, all_cases
from benchmarks.cpu_plot import plot
from benchmarks.fresh import in_fresh_process
from benchmarks.rounds import Measured, measure
from benchmarks.worker import ROOT, Pictures
from lenet.data import load_dataset
from lenet.errors import InputError
from reproduce.results import RESULTS, machine, read_results, write_results

ROUNDS, SECONDS = 15, 0.5
SIZES = (1_000, 10_000, 100_000, 1_000_000)
TRIES = ROOT / "build"
IMPORTS = ("lenet", "lenet.training.fit", "halide", "torch")


def mnist() -> tuple[str, Pictures]:
    """Return the name of the pictures, mnist or random, and the training pictures."""
    try:
        train = load_dataset("mnist").train
        return "mnist", Pictures(train.pictures, train.labels)
    except (InputError, OSError):
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (60_000, 1, 28, 28), np.uint8)
        return "random", Pictures(images, random.integers(0, 10, 60_000))


def row(case: Case, measured: Measured) -> dict[str, Any]:
    about = {"system": case.system, "work": case.work, "batch": case.batch, "cores": case.cores}
    if case in measured.failures:
        return about | {"not_measured": measured.failures[case]}
    rates = measured.rates[case]
    share = measured.ratio(case, case.peak)
    return about | {
        "images_per_second": round(median(rates)),
        "lowest": round(min(rates)),
        "highest": round(max(rates)),
        "ours_to_it": rounded(measured.ratio(case.ours, case)),
        "share_of_peak": rounded(share and share * WORKS[case.work].flop),
    }


def rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def peaks(measured: Measured) -> dict[str, Any]:
    """Return the peak of floating-point operations, on one core and on all."""
    return {
        str(case.cores): {"gflops": round(median(rates) / 1e9, 1), "highest": round(max(rates) / 1e9, 1)}
        for case, rates in measured.rates.items()
        if case.work == "peak"
    }


def scaling(measured: Measured) -> dict[str, Any]:
    """Return the speed of each system on all cores, as a multiple of its speed on one."""
    alone = [case for case in measured.rates if case.cores == 1]
    return {
        f"{case.system}, batch {case.batch}" if case.batch else case.system: rounded(
            measured.ratio(Case(case.system, case.work, case.batch, CORES), case)
        )
        for case in alone
    }


def disturbed(measured: Measured) -> bool:
    """Return whether all cores reached less than 85 % of what as many single cores would, since not all were ours."""
    reached = measured.ratio(Case("peak", "peak", 0, CORES), Case("peak", "peak", 0, 1))
    return reached is not None and reached < 0.85 * CORES


def epochs(measured: Measured, pictures: int) -> dict[str, float]:
    """Return the seconds of a whole epoch of training, with its order and its summary."""
    return {
        case.system: round(pictures / median(rates), 3)
        for case, rates in measured.rates.items()
        if case.system.endswith("whole epochs")
    }


def together(quick: bool) -> dict[str, Any]:
    """Return everything that is measured side by side."""
    source, pictures = mnist()
    cases = all_cases()
    rounds, seconds = (2, 0.1) if quick else (ROUNDS, SECONDS)
    measured = measure(cases, pictures, rounds, seconds)
    seconds_of_epochs = epochs(measured, len(pictures.labels))
    gluon = seconds_of_epochs.get("lenet, Gluon tutorial, whole epochs")
    return {
        "pictures": f"{len(pictures.labels):,}, {source}",
        "rounds": rounds,
        "seconds_of_a_round": seconds,
        "frameworks": measured.about,
        "flop_of_a_picture": {name: work.flop for name, work in WORKS.items()},
        "peak": peaks(measured),
        "disturbed": disturbed(measured),
        "systems": [row(case, measured) for case in cases if case.work != "peak"],
        "mnist_recipe_to_bare_loop": rounded(
            measured.ratio(Case("lenet, mnist recipe, whole epochs"), Case("PyTorch"))
        ),
        "all_cores_to_one": scaling(measured),
        "epoch_seconds": seconds_of_epochs,
        "gluon_100_epochs_seconds": gluon and round(100 * gluon, 1),
    }


def alone(quick: bool) -> dict[str, Any]:
    """Return everything that is measured in fresh processes."""
    times, sizes = (1, SIZES[:2]) if quick else (5, SIZES)
    compiled = [in_fresh_process("compile") for _ in range(times)]
    return {
        "compile": {name: round(median(one[name] for one in compiled), 2) for name in compiled[0]},
        "import_seconds": {
            name: round(median(in_fresh_process("import", name)["seconds"] for _ in range(times)), 3)
            for name in IMPORTS
        },
        "growth": [in_fresh_process("grow", size) for size in sizes],
    }


def show(results: dict[str, Any]) -> None:
    print(f"\n{'':37}{'batch':>7}{'cores':>6}{'images/s':>11}{'of peak':>9}{'ours to it':>12}")
    for entry in results["systems"]:
        start = f"{entry['system']:37}{entry['batch']:>7,}{entry['cores']:>6}"
        if "not_measured" in entry:
            print(f"{start}   {entry['not_measured']}")
            continue
        share = f"{100 * entry['share_of_peak']:.1f} %" if entry["share_of_peak"] is not None else ""
        ratio = f"x {entry['ours_to_it']:.2f}" if entry["ours_to_it"] is not None else ""
        print(f"{start}{entry['images_per_second']:>11,}{share:>9}{ratio:>12}")
    for name in ("peak", "mnist_recipe_to_bare_loop", "all_cores_to_one", "epoch_seconds", "gluon_100_epochs_seconds"):
        print(f"{name}: {results[name]}")
    if results["disturbed"]:
        print("DISTURBED: something else took a core or more; what runs on threads in lockstep suffers most from that")
    for name in ("compile", "import_seconds"):
        print(f"{name}: {results[name]}")
    for entry in results["growth"]:
        print(f"{entry['pictures']:>11,} pictures {entry['images_per_second']:>9,}/s {entry['process_mib']:>7,} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two short rounds, to see that all runs")
    parser.add_argument("--plot", action="store_true", help="measure nothing, draw from the results there are")
    options = parser.parse_args()
    if options.plot:
        plot(read_results("cpu"), RESULTS / "cpu.png")
        return
    results = {"machine": machine()} | alone(options.quick) | together(options.quick)
    show(results)
    if options.quick:
        TRIES.mkdir(exist_ok=True)
        (TRIES / "cpu.json").write_text(json.dumps(results, indent=1))
    else:
        write_results("cpu", results)
    plot(results, (TRIES if options.quick else RESULTS) / "cpu.png")


if __name__ == "__main__":
    main()
