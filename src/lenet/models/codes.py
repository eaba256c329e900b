"""The codes of the ten digits: the 84 outputs of F6 that would be a perfect answer (1998, Fig. 3).

Each code is a picture of its digit, 7 units wide and 12 high. Similar digits therefore have similar codes, which helps
where context decides. Every unit has the target +1 or -1, where its squashing function bends most (section II.B).
"""

from __future__ import annotations

# The digits run from 0 to 9, left to right; the figure too has a bar over some of them. The paper does not say that
# black is +1. It makes no difference: the squashing function is odd, so F6 can learn either.
DRAWING = """
    .#####.  ...##..  .#####.  #######  .#####.  .#####.  ..####.  #######  .#####.  .#####.
    .......  ..###..  .......  .....##  .......  .......  .##....  .....##  ##...##  ##..###
    ..###..  .####..  .#####.  ....##.  .......  #######  ##.....  .....##  ##...##  ##...##
    .##.##.  ...##..  ##...##  ...##..  .##..##  ##.....  ##.....  ....##.  ##...##  ##...##
    ##...##  ...##..  #....##  ..####.  .##..##  ##.....  ######.  ...##..  .#####.  ##..###
    ##...##  ...##..  ....##.  .....##  ###..##  .####..  ###..##  ...##..  ##...##  .######
    ##...##  ...##..  ..###..  .....##  ##...##  ..####.  ##...##  ..##...  ##...##  .....##
    ##...##  ...##..  .##....  .....##  ##...##  .....##  ##...##  ..##...  ##...##  .....##
    .##.##.  ...##..  ##.....  ##...##  ##..###  ##...##  ###..##  ..##...  ##...##  ....##.
    ..###..  .######  #######  .#####.  .######  .#####.  .#####.  ..##...  .#####.  .####..
    .......  .......  .......  .......  .....##  .......  .......  .......  .......  .......
    .......  .......  .......  .......  .....##  .......  .......  .......  .......  .......
"""


def parse(drawing: str) -> tuple[tuple[int, ...], ...]:
    """Return the units of each picture in `drawing`, row by row: +1 where it is black, -1 where it is white."""
    pictures = zip(*(line.split() for line in drawing.strip().splitlines()), strict=True)
    return tuple(tuple(1 if mark == "#" else -1 for mark in "".join(rows)) for rows in pictures)


CODES = parse(DRAWING)
