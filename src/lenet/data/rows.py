"""Find separate digits in one picture: their strokes, in the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.data.ink import find_ink
from lenet.data.normalise import INK, centred
from lenet.data.parts import Part, connected, runs

DETAIL = 1600  # pixels on the longer side: a page of digits needs more than one digit does
LONG = 24  # a run of ink longer than this part of the width may belong to a rule
SEGMENTS = 10  # of the width, nearly all of which a rule crosses
BAND = 60  # this part of the height is the room in which a leaning rule lies

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Page:
    """A picture with several digits: the `strength` of its ink, the `numbers` of the connected parts, and its scale.

    Both arrays are `(H, W)`. `scale` is the number of pixels of the picture for each of theirs.
    """

    strength: NDArray[np.float32]
    numbers: NDArray[np.int64]
    scale: float


@dataclass(frozen=True, eq=False)
class Strokes:
    """What may be one digit: some `parts` of a `page`, as far as they lie in a box; right and bottom lie just outside.

    The edges of the box are in pixels of the page.
    """

    page: Page
    parts: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, page: Page, number: int, part: Part) -> Strokes:
        """Return the strokes of the one `part` of `page` that has this `number`."""
        return cls(page, (number,), part.left, part.top, part.right, part.bottom)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The box (left, top, right, bottom) in pixels of the picture."""
        left, top, right, bottom = (round(self.page.scale * edge) for edge in self._edges)
        return left, top, right, bottom

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def mask(self) -> Mask:
        """The mask `(height, width)` of the strokes in the box."""
        return np.isin(self.page.numbers[self.top : self.bottom, self.left : self.right], self.parts)

    @property
    def seen(self) -> NDArray[np.uint8]:
        """The digit as MNIST would hold it, `(28, 28)` uint8."""
        return centred(self.page.strength[self.top : self.bottom, self.left : self.right], self.mask)

    def split(self, column: int) -> tuple[Strokes, Strokes]:
        """Return the strokes to the left of `column` of the box, and those from there on."""
        middle = self.left + column
        return replace(self, right=middle), replace(self, left=middle)

    def joined(self, other: Strokes) -> Strokes:
        """Return the strokes of both, in a box around both."""
        low = (min(one, two) for one, two in zip(self._edges[:2], other._edges[:2], strict=True))
        high = (max(one, two) for one, two in zip(self._edges[2:], other._edges[2:], strict=True))
        return Strokes(self.page, self.parts + other.parts, *low, *high)

    @property
    def _edges(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom


def find_rows(image: Image.Image) -> list[list[Strokes]]:
    """Return the rows of what may be digits in `image`, of the mode L or RGB: from top to bottom, from left to right.

    Dirt, rules, frames and what touches two edges are left out, and parts of one digit that lie above each other,
    such as the bar of a 5, are joined.
    """
    ink = find_ink(image, DETAIL)
    if not ink.found:
        return []
    numbers, parts = connected(without_rules(ink.strength > INK))
    page = Page(ink.strength, numbers, image.width / numbers.shape[1])
    kept = [Strokes.of(page, number, parts[number]) for number in _digits(parts, numbers.shape)]
    if not kept:
        return []
    # the usual height of a digit: the median, weighted by ink, so that dirt does not count
    tall = float(np.median(np.repeat([one.height for one in kept], [parts[one.parts[0]].pixels for one in kept])))
    groups = _above_each_other([one for one in kept if max(one.height, one.width) > 0.25 * tall], tall)
    rows = _in_rows([one for one in groups if 0.35 * tall < one.height < 2.2 * tall])
    return [row for row in rows if len(row) > 1 or row[0].height > 0.6 * tall]  # what is small and alone is dirt


def without_rules(mask: Mask) -> Mask:
    """Return `mask` without the lines of ruled or squared paper: what runs on across most of the picture.

    A line may lean. Where it meets a digit, it takes a piece of the stroke along. Upright lines are looked for only
    where there are level ones too: a tall digit alone may reach from edge to edge.
    """
    level = _rules(mask)
    return mask & ~(level | _rules(mask.T).T) if level.any() else mask


def _rules(mask: Mask) -> Mask:
    """Return the mask of the lines across `mask`: long runs that lead, in a narrow band, from edge to edge."""
    height, width = mask.shape
    rows, starts, ends = runs(mask)
    long = ends - starts >= width // LONG
    rows, starts, ends = rows[long], starts[long], ends[long]
    # the tenths of the width in which a row has long runs, then likewise its neighbours; the rows that a rule crosses
    covered = np.zeros((height, SEGMENTS))
    for row, start, end in zip(rows, starts, ends, strict=True):
        covered[row, start * SEGMENTS // width : (end - 1) * SEGMENTS // width + 1] = 1
    band = np.ones(2 * (height // BAND) + 1)
    near = np.stack([np.convolve(segment, band, "same") > 0 for segment in covered.T], axis=1)
    across = near[:, 0] & near[:, -1] & (near.sum(1) > 0.8 * SEGMENTS)
    rules = np.zeros_like(mask)
    for row, start, end in zip(rows, starts, ends, strict=True):
        rules[row, start:end] = across[row]
    return rules


def _digits(parts: list[Part], shape: tuple[int, ...]) -> list[int]:
    """Return the numbers of the `parts` that may belong to digits: neither dirt, nor lines, nor frames, nor margins."""
    height, width = shape
    least = 0.012 * max(shape)

    def plausible(part: Part) -> bool:
        tall, wide = part.height, part.width
        rule = wide > 8 * tall or (wide > 0.6 * width and tall < 0.2 * height)
        frame = part.pixels < 0.12 * tall * wide and min(tall / height, wide / width) > 0.4
        straight = tall >= 50 * wide + 60
        return max(tall, wide) >= least and not (rule or frame or straight) and part.edges(shape) < 2

    kept = [number for number, part in enumerate(parts) if plausible(part)]
    if not kept:
        return []
    usual = float(np.quantile([parts[number].height for number in kept], 0.75))

    def usual_size(part: Part) -> bool:
        return part.height < 3 * usual and part.height * part.width >= 0.01 * usual**2

    return [number for number in kept if usual_size(parts[number])]


def _above_each_other(found: list[Strokes], tall: float) -> list[Strokes]:
    """Return `found` with those joined that lie above each other and together are no taller than a digit."""
    joined: list[Strokes] = []
    for one in found:
        for place, other in enumerate(joined):
            if _belong(one, other, tall):
                one = other.joined(one)
                joined[place] = one
                break
        else:
            joined.append(one)
    return joined


def _belong(one: Strokes, other: Strokes, tall: float) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    together = max(one.bottom, other.bottom) - min(one.top, other.top)
    gap = max(one.top, other.top) - min(one.bottom, other.bottom)
    return across > 0.4 * min(one.width, other.width) and together < 1.3 * tall and gap < 0.3 * tall


def _in_rows(found: list[Strokes]) -> list[list[Strokes]]:
    """Return `found` in rows: a row takes what overlaps with its last digit by at least a third of the lower one."""
    rows: list[list[Strokes]] = []
    for one in sorted(found, key=lambda strokes: strokes.left):
        for row in rows:
            last = row[-1]
            shared = min(last.bottom, one.bottom) - max(last.top, one.top)
            if shared > min(last.height, one.height) / 3:
                row.append(one)
                break
        else:
            rows.append([one])
    return sorted(rows, key=lambda row: float(np.median([strokes.top + strokes.bottom for strokes in row])))
