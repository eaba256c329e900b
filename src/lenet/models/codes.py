"""The codes of the ten digits: for each one the 84 outputs of F6 that would be a perfect answer (Fig. 3 of the paper).

Each is a picture of the digit, 7 units wide and 12 high. Alike digits so have alike codes, which helps where context is
to decide, and no unit is asked for more than +1 or -1, where its squashing function bends most (section II.B).
"""

from __future__ import annotations

# 0 to 9 from left to right; the bar over some of them is the figure's own. The paper does not say that black is +1, and
# it makes no difference: the squashing function is odd, so F6 can learn either.
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
    """For each picture its units, row by row: +1 where it is black, -1 where it is white."""
    pictures = zip(*(line.split() for line in drawing.strip().splitlines()), strict=True)
    return tuple(tuple(1 if mark == "#" else -1 for mark in "".join(rows)) for rows in pictures)


CODES = parse(DRAWING)
