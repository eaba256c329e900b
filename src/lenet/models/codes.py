"""The codes of the ten digits: the ideal values of the 84 units of F6 for each digit (1998, Fig. 3).

Each code is a drawing of its digit, 7 units wide and 12 high. Similar digits therefore have similar codes, so a later
stage that knows the context can correct a confusion between them. Every ideal value is +1 or -1; near these two points,
the second derivative of the scaled tanh is largest in absolute value (section II.B, appendix A).
"""

from __future__ import annotations

# The digits run from 0 to 9, left to right. In the paper's figure, too, some of them have a bar above. The paper does
# not say that black is +1. The choice makes no difference to the paper's network: its squashing
# function is odd, so F6 can learn either.
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
    """Return the code of each digit in `drawing`, row by row: +1 for the mark #, -1 for any other mark."""
    pictures = zip(*(line.split() for line in drawing.strip().splitlines()), strict=True)
    return tuple(tuple(1 if mark == "#" else -1 for mark in "".join(rows)) for rows in pictures)


CODES = parse(DRAWING)
