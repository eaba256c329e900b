"""The pictures of the README that show what the network reads: all of them are drawn by program.

    python -m reproduce.reading

The command writes docs/results/seen.png and docs/results/rows.png.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lenet.data.strokes import DIGITS, LETTERS, drawn
from lenet.inference.line import read_rows
from lenet.inference.predict import answers
from lenet.inference.predictor import Predictor
from lenet.see.boxes import boxed
from lenet.see.seen import seen
from lenet.see.style import save, save_image
from reproduce.results import RESULTS

Colour = tuple[int, int, int]


def written(sign: str, seed: int, ink: Colour, paper: Colour, size: int = 240) -> Image.Image:
    """Return `sign` as a photograph would show it: with `ink` on `paper`, in light that falls off to one side."""
    random = np.random.default_rng(seed)
    strokes = drawn(sign, random, tilt=8, loose=0.02).resize((size, size), Image.Resampling.BICUBIC)
    return _lit(np.asarray(strokes, np.float64) / 255, ink, paper, random)


def _lit(blank: NDArray[np.float64], ink: Colour, paper: Colour, random: np.random.Generator) -> Image.Image:
    """Return the picture in which `blank` `(H, W)`, from 0 to 1, says how much of the paper is seen."""
    levels = np.array(ink) + blank[..., None] * (np.array(paper) - np.array(ink))
    light = np.linspace(1.0, random.uniform(0.55, 0.9), blank.shape[1])[None, :, None]
    noise = random.normal(0, 2.5, (*blank.shape, 1))
    return Image.fromarray((levels * light + noise).clip(0, 255).astype(np.uint8))


def number(text: str, seed: int) -> Image.Image:
    """Return `text`, digits of `DIGITS`, written in a row on squared paper."""
    random = np.random.default_rng(seed)
    page = Image.new("L", (110 * len(text) + 60, 190), "white")
    for place, digit in enumerate(text):
        sign = drawn(DIGITS[int(digit)][1], random, tilt=6, loose=0.02)
        page.paste(sign, (30 + 110 * place, 45 + int(random.integers(-8, 9))))
    grid = Image.new("L", page.size, "white")
    canvas = ImageDraw.Draw(grid)
    for at in range(10, max(page.size), 42):
        canvas.line([(0, at), (page.width, at + 3)], fill=190)
        canvas.line([(at, 0), (at + 3, page.height)], fill=190)
    blank = np.minimum(np.asarray(page), np.asarray(grid)).astype(np.float64) / 255
    return _lit(blank, (30, 40, 120), (236, 232, 220), random)


def main() -> None:
    predictor = Predictor("handwriting")
    pictures = {
        "1, as in Europe": written(DIGITS[1][0], 1, (40, 40, 60), (225, 220, 210)),
        "7 in chalk": written(DIGITS[7][1], 2, (235, 235, 225), (40, 70, 60)),
        "4 in red": written(DIGITS[4][0], 3, (190, 30, 40), (240, 235, 200)),
        "9 in pencil": written(DIGITS[9][1], 4, (130, 130, 135), (205, 205, 205)),
        "a letter": written(LETTERS[8], 5, (20, 60, 150), (240, 240, 240)),
        "nothing": written("33,33", 6, (220, 220, 220), (220, 220, 220)),
    }
    found = list(answers(predictor, pictures.items()))
    save(seen(list(pictures.values()), found, predictor.spec.classes), RESULTS / "seen.png")  # type: ignore[arg-type]
    page = number("1976164", 7)
    digits = [digit for row in read_rows(predictor, page) for digit in row]
    print("read:", "".join(digit.label for digit in digits))
    save_image(boxed(page, digits), RESULTS / "rows.png")


if __name__ == "__main__":
    main()
