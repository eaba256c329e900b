"""What the network `handwriting` reads of pictures that people made: digits, rows of digits, and other things.

    python -m reproduce.handwriting FOLDER

FOLDER holds `handwriting`, `handwriting-rows` and `not-digits`, each with pictures and a labels.csv (file, label; also
style and writer for digits, marks and doubtful for rows). None of these pictures took part in the training. The command
writes docs/results/handwriting.json, and runs/misses.png with every digit that was read wrongly.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lenet.data.image import open_picture
from lenet.inference.line import read_rows
from lenet.inference.predict import Prediction, predict
from lenet.inference.predictor import Predictor
from lenet.models.calibration import calibration_error
from lenet.see.seen import seen
from lenet.see.style import save
from reproduce.results import machine, write_results

MODEL = "handwriting"


def labelled(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the path of each picture in `folder` with its row of labels.csv."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield folder / row["file"], row


def digits(predictor: Predictor, folder: Path) -> tuple[dict[str, Any], list[tuple[Path, Prediction]]]:
    """Return the scores on single digits in `folder`, by style and by writer, and the misses."""
    pictures = list(labelled(folder))
    found = predict(predictor, [path for path, _ in pictures])
    right = np.array([one.label == row["label"] for one, (_, row) in zip(found, pictures, strict=True)])
    certainties = np.array([one.certainty for one in found])
    groups: dict[str, list[bool]] = defaultdict(list)
    for (_, row), ok in zip(pictures, right, strict=True):
        groups[row["style"]].append(bool(ok))
        groups[f"writer {row['writer']}"].append(bool(ok))
    writers = {name: np.mean(oks) for name, oks in groups.items() if name.startswith("writer ") and len(oks) >= 5}
    scores = {
        "pictures": len(right),
        "right_percent": _percent(right),
        "not_sure_or_no_digit_percent": _percent([one.label is None or not one.sure for one in found]),
        "calibration_error_percent": round(100 * calibration_error(certainties, right), 2),
        "right_percent_by_style": {name: _percent(oks) for name, oks in groups.items() if "writer " not in name},
        "worst_writer_right_percent": round(100 * float(min(writers.values())), 1),
    }
    misses = [(path, one) for (path, _), one, ok in zip(pictures, found, right, strict=True) if not ok]
    return scores, misses


def rows(predictor: Predictor, folder: Path) -> dict[str, Any]:
    """Return the scores on rows of digits in `folder`; doubtful labels are left out, operators are counted apart."""
    wrong: dict[bool, int] = defaultdict(int)
    count: dict[bool, int] = defaultdict(int)
    whole = []
    for path, row in labelled(folder):
        if row["doubtful"] != "no":
            continue
        read = " ".join("".join(digit.label for digit in line) for line in read_rows(predictor, open_picture(path)))
        label, operators = row["label"].replace(" ", ""), row["marks"] == "operators"
        wrong[operators] += min(len(label), edit_distance(label, read.replace(" ", "")))
        count[operators] += len(label)
        if not operators:
            whole.append(read == row["label"])
    return {
        "pictures": len(whole),
        "digits": count[False],
        "digits_right_percent": round(100 - 100 * wrong[False] / count[False], 2),
        "wholly_right": sum(whole),
        "with_operators_digits_right_percent": round(100 - 100 * wrong[True] / max(1, count[True]), 2),
    }


def edit_distance(one: str, other: str) -> int:
    """Return the least number of insertions, deletions and replacements that turn `one` into `other`."""
    costs = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        above, costs[0] = costs[0], row
        for column, wanted in enumerate(other, start=1):
            above, costs[column] = costs[column], min(
                costs[column] + 1, costs[column - 1] + 1, above + (letter != wanted)
            )  # fmt: skip
    return costs[-1]


def others(predictor: Predictor, folder: Path) -> dict[str, Any]:
    """Return the share of the pictures in `folder`, which show no digit, that are answered "no digit" or "not sure"."""
    found = predict(predictor, [path for path, _ in labelled(folder)])
    return {"pictures": len(found), "refused_percent": _percent([one.label is None or not one.sure for one in found])}


def _percent(oks: Any) -> float:
    return round(100 * float(np.mean(oks)), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    predictor = Predictor(MODEL)
    scores, misses = digits(predictor, folder / "handwriting")
    results = {
        "digits": scores,
        "rows": rows(predictor, folder / "handwriting-rows"),
        "not_digits": others(predictor, folder / "not-digits"),
        "machine": machine(),
    }
    for name, values in results.items():
        print(f"{name}: {values}")
    write_results("handwriting", results)
    pictures = [open_picture(path) for path, _ in misses]
    Path("runs").mkdir(exist_ok=True)
    save(seen(pictures, [one for _, one in misses], predictor.spec.classes), Path("runs") / "misses.png")


if __name__ == "__main__":
    main()
