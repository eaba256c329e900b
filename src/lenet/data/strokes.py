"""Signs drawn by program: digits as they are written in other countries, letters, symbols, shapes and scribbles.

A sign is written as strokes with a space between them, and a stroke as the points that the pen passes, on a grid with x
from 0 to 6 and y, downwards, from 0 to 8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Stroke = NDArray[np.float64]
"""the points `(n, 2)`, x before y, that a pen passes; a sign fills about the unit square"""

CANVAS = 96  # pixels a side
FINE = 2  # times the canvas in which strokes are drawn, so that their edges are smooth once it is shrunk

DIGITS = {
    1: ("13,30,38", "13,30,38 18,58", "04,30,38", "04,40,38", "24,40,48", "30,38 18,58", "12,30,38 08,68"),
    4: ("48,40,05,65", "30,04,64 50,58", "00,04,64 60,68", "48,40,05,55", "20,05,65 43,48", "00,03,53 60,58"),
    6: ("50,13,06,28,58,66,44,15", "40,13,16,38,57,55,34,15", "30,14,17,48,67,65,34,15", "62,30,04,27,58,66,35,06"),
    7: ("00,60,28", "00,60,28 14,44", "02,00,60,28", "02,00,60,38 14,54", "00,60,38 04,64", "01,60,48 24,64"),
    9: ("52,30,02,14,44,51,58", "51,20,03,34,52,50,48", "51,20,03,34,52,50,58,28,07", "52,21,03,35,54,51,48"),
}
"""digits of which MNIST's writers, who are all from one country, do not show every form: 1 with hook and base, 7 with a
bar, open 4, and 6 and 9 in few strokes"""

LETTERS = (
    "08,30,68 15,55", "60,00,08,68 04,54", "60,00,08 04,54", "00,08 60,68 04,64", "00,08 60,04,68",
    "08,00,34,60,68", "08,00,68,60", "08,00,40,62,44,04", "08,00,40,62,44,04 34,68", "00,60 30,38", "00,38,60",
    "00,18,34,58,60", "00,68 60,08", "00,08 05,33,65,68", "03,08 05,13,35,38 35,43,65,68", "03,08 05,23,53",
    "30,38 01,61,65,05,01", "08,00,60,68", "00,08,68,60 30,38", "00,08,60,68", "00,68 30,38 60,08", "00,08 60,24,68",
    "60,00,08", "00,08 60,68 00,68", "08,00,60,68 08,68", "00,60,68 30,38",
    "20,28,58 04,64 00,08", "00,34,60 34,38 15,55",
)  # fmt: skip
SYMBOLS = (
    "04,64 30,38", "04,64", "03,63 05,65", "12,56 52,16", "31,37 02,66 62,06", "04,28,60", "24,38,60", "04,64 42,64,46",
    "08,68,30,08", "02,62,66,06,02", "20,18 50,48 03,63 05,65", "04,30,64,68,08,04 48,46,66",
    "18,30,58,03,63,18", "04,15,28,40,60", "02,62,66,06,02 02,34,62", "38,04,11,32,51,64,38", "30,04,38,64,30",
    "30,38 06,30,66", "00,08,68,60,00 04,64 30,38", "00,60 04,64 08,68", "00,08 20,28 40,48 60,68", "04,14,20,38,44,64",
    "00,68 60,08 30,38 04,64", "30,38 04,64 12,56 52,16", "20,18 50,48", "00,08,68,60,00 00,68 60,08", "03,63,30,36,03",
)  # fmt: skip


def drawn(sign: str, random: np.random.Generator, *, tilt: float = 15.0, loose: float = 0.03) -> Image.Image:
    """Return the `sign` as one hand would draw it: a picture of grey levels, black on white.

    Its points are moved by a normal distribution of standard deviation `loose`, and it is rotated by up to `tilt`
    degrees either way.
    """
    strokes = [
        np.array([[int(point[0]) / 6, int(point[1]) / 8] for point in stroke.split(",")]) for stroke in sign.split()
    ]
    moved = [stroke + random.normal(0, loose, stroke.shape) for stroke in strokes]
    return inked([_curved(stroke, random.random()) for stroke in moved], random, tilt)


def scribble(random: np.random.Generator) -> Image.Image:
    """Return a scribble of one to three strokes, each through random points, in black on white."""
    strokes = []
    for _ in range(random.integers(1, 4)):
        walk = np.cumsum(random.normal(0, 1, (random.integers(6, 20), 2)), axis=0)
        strokes.append((walk - walk.min(0)) / np.maximum(np.ptp(walk, axis=0), 1e-3))
    return inked([_curved(stroke, random.random()) for stroke in strokes], random, 180)


def doodle(random: np.random.Generator) -> Image.Image:
    """Return the drawing of a thing, in black on white: an outline, and two to six strokes in it and around it."""
    turns = np.linspace(0, 2 * np.pi, int(random.choice([4, 5, 6, 9, 17])))
    radii = 0.5 * random.uniform(0.6, 1, len(turns))[:, None]
    radii[-1] = radii[0]
    outline = 0.5 + radii * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    strokes = [_curved(outline, random.random())]
    for _ in range(random.integers(2, 7)):
        middle, reach = random.uniform(0.1, 0.9, 2), random.uniform(0.05, 0.35)
        strokes.append(_curved(middle + random.uniform(-reach, reach, (random.integers(2, 5), 2)), random.random()))
    return inked(strokes, random, 180)


def shape(random: np.random.Generator) -> Image.Image:
    """Return a filled polygon of 3 to 9 corners, in black on white."""
    corners = int(random.integers(3, 10))
    angles = 2 * np.pi * (np.arange(corners) + random.uniform(-0.3, 0.3, corners)) / corners
    radii = random.uniform(0.3, 0.5, corners)[:, None]
    points = CANVAS * FINE * (0.5 + radii * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    image = Image.new("L", (CANVAS * FINE, CANVAS * FINE), "white")
    ImageDraw.Draw(image).polygon([tuple(point) for point in points.tolist()], fill="black")
    return image.resize((CANVAS, CANVAS), Image.Resampling.BOX)


def texture(random: np.random.Generator) -> Image.Image:
    """Return smooth noise, as photographs of things give: at a random scale, in all levels or in black and white."""
    cells = random.integers(3, 12, 2)
    noise = Image.fromarray(random.integers(0, 256, cells, np.uint8)).resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    if random.random() < 0.5:
        return noise
    level = float(random.uniform(70, 150))
    return noise.point(lambda value: 255 if value > level else 0)


def inked(strokes: list[Stroke], random: np.random.Generator, tilt: float) -> Image.Image:
    """Return `strokes` drawn with one round pen, black on white, tilted, slanted and narrowed at random."""
    angle = np.deg2rad(random.uniform(-tilt, tilt))
    slant, wide = random.uniform(-0.25, 0.25), random.uniform(0.45, 1.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[wide, -slant], [0, 1]])
    image = Image.new("L", (CANVAS * FINE, CANVAS * FINE), "white")
    canvas = ImageDraw.Draw(image)
    pen = round(CANVAS * FINE * float(random.uniform(0.03, 0.14)))
    for stroke in strokes:
        points = CANVAS * FINE * (0.5 + 0.62 * (stroke - 0.5) @ shear.T @ turn.T)
        canvas.line([tuple(point) for point in points.tolist()], fill="black", width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            canvas.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill="black")
    return image.resize((CANVAS, CANVAS), Image.Resampling.BOX)


def _curved(stroke: Stroke, roundness: float) -> Stroke:
    """Return `stroke` with its corners rounded: a blend of the polygon (0) and of a Catmull-Rom spline (1)."""
    before, after = 2 * stroke[0] - stroke[1], 2 * stroke[-1] - stroke[-2]
    a, b, c, d = (np.concatenate([[before], stroke, [after]])[k : k + len(stroke) - 1, None] for k in range(4))
    t = np.linspace(0, 1, 8)[None, :, None]
    straight = b + (c - b) * t
    spline = (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
    curve: Stroke = straight + roundness * (spline - straight)
    return curve.reshape(-1, 2)
