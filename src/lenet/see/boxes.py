"""The digits that were found in a picture: a box around each, with its label above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont

from lenet.see.style import BLUE, ORANGE


class Found(Protocol):
    """A digit that was found: its `label`, the `box` around it in pixels, and whether the network is `sure`."""

    @property
    def label(self) -> str: ...
    @property
    def sure(self) -> bool: ...
    @property
    def box(self) -> tuple[int, int, int, int]: ...


GAP = 12  # pixels between two pictures on a page
WIDTH = 800  # pixels of each picture on a page of several


def fitted(picture: Image.Image) -> Image.Image:
    """Return `picture`, shrunk to at most `WIDTH` pixels a side."""
    small = picture.copy()
    small.thumbnail((WIDTH, WIDTH))
    return small


def page(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return the `pictures`, of which there is at least one, one below the other."""
    if len(pictures) == 1:
        return pictures[0]
    width = max(one.width for one in pictures)
    whole = Image.new("RGB", (width, sum(one.height + GAP for one in pictures) - GAP), "white")
    below = 0
    for one in pictures:
        whole.paste(one, (0, below))
        below += one.height + GAP
    return whole


def boxed(image: Image.Image, digits: Iterable[Found]) -> Image.Image:
    """Return `image` in colours with a box and a label for each of the `digits`: blue, or orange if it is not sure."""
    drawn = image.convert("RGB")
    canvas = ImageDraw.Draw(drawn)
    line = max(1, round(max(image.size) / 500))
    for digit in digits:
        left, top, right, bottom = digit.box
        size = max(10, (bottom - top) // 2)
        colour = BLUE if digit.sure else ORANGE
        canvas.rectangle((left - line, top - line, right + line, bottom + line), outline=colour, width=line)
        text = digit.label if digit.sure else f"{digit.label}?"
        canvas.text((left, max(0, top - 2 * line - size)), text, colour, ImageFont.load_default(size))
    return drawn
