"""What corrections give: `lenet train --start handwriting --add FOLDER` with 20 pictures that were read wrongly.

    python -m reproduce.corrections

The pictures are digits of other countries, drawn by program with so loose a hand that the network misreads them; five
draws. The command writes docs/results/corrections.json: how many of the 20 are read rightly afterwards, and how the
error on MNIST's test digits changes.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from lenet.data import Dataset, load_dataset
from lenet.data.strokes import DIGITS, drawn
from lenet.inference.evaluate import evaluate
from lenet.inference.predict import predict
from lenet.inference.predictor import Model, Predictor
from lenet.records import with_leaves
from lenet.training.fit import fit
from lenet.training.recipes import MORE, RECIPES
from reproduce.results import machine, write_results

DRAWS, PICTURES = 5, 20
LOOSE = 0.11


def misread(predictor: Predictor, seed: int) -> list[tuple[Image.Image, str]]:
    """Return `PICTURES` drawings, each with its digit, that `predictor` reads as another digit or as none."""
    random = np.random.default_rng(seed)
    found: list[tuple[Image.Image, str]] = []
    while len(found) < PICTURES:
        digit = int(random.choice(list(DIGITS)))
        image = drawn(str(random.choice(DIGITS[digit])), random, loose=LOOSE)
        if predict(predictor, [image])[0].label != str(digit):
            found.append((image, str(digit)))
    return found


def right(model: Model | Predictor, pictures: list[tuple[Image.Image, str]]) -> int:
    found = predict(model, [image for image, _ in pictures])
    return sum(one.label == label for one, (_, label) in zip(found, pictures, strict=True))


def corrected(dataset: Dataset, test: Dataset, before: Predictor, seed: int) -> dict[str, Any]:
    """Return what a training with the corrections of one draw gives."""
    pictures = misread(before, seed)
    with TemporaryDirectory() as folder:
        for place, (image, label) in enumerate(pictures):
            path = Path(folder) / label / f"{place}.png"
            path.parent.mkdir(exist_ok=True)
            image.save(path)
        recipe = with_leaves(RECIPES["handwriting"], MORE | {"start": "handwriting", "add": folder, "seed": seed})
        *_, last = fit(recipe, dataset=dataset)
    return {
        "seed": seed,
        "right_before": right(before, pictures),
        "right_after": right(last.network, pictures),
        "mnist_error": round(evaluate(last.network, test.test).error, 2),
    }


def main() -> None:
    dataset, test, before = load_dataset("handwriting"), load_dataset("mnist"), Predictor("handwriting")
    draws = []
    for seed in range(DRAWS):
        draws.append(corrected(dataset, test, before, seed))
        print(draws[-1], flush=True)
    results = {
        "pictures": PICTURES,
        "right_after_mean": mean(draw["right_after"] for draw in draws),
        "mnist_error_before": round(evaluate(before, test.test).error, 2),
        "mnist_error_after_mean": round(mean(draw["mnist_error"] for draw in draws), 3),
        "draws": draws,
        "machine": machine(),
    }
    print(results)
    write_results("corrections", results)


if __name__ == "__main__":
    main()
