"""The connection tables of the second convolution: for each of its maps, they say which of the maps below it sees.

The tables are drawn like Table I of the 1998 paper, with a row for each map below, a column for each map of the
convolution, and an X where the two are connected. The paper gives two reasons for such a table (section II.B): it
limits the number of connections, and it forces maps with different inputs to extract different features.
"""

from __future__ import annotations

Table = tuple[tuple[bool, ...], ...]  # a row for each map, with True for each map below that it sees


def parse(drawing: str) -> Table:
    """Return the columns of `drawing`, one for each map of the convolution: True for X, False for any other mark."""
    rows = [[mark == "X" for mark in line.split()] for line in drawing.strip().splitlines()]
    return tuple(zip(*rows, strict=True))


# Table I has S2's maps 0 to 5 down and C3's maps 0 to 15 across. Ten maps of C3 see each map of S2.
LENET5_1998 = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""

# The 20 kernels are certain, since the published counts need them. The order of the columns is from memory, unverified.
LENET1 = """
    X X X . X X . . . . . .
    . X X X X X . . . . . .
    . . . . . . X X X . X X
    . . . . . . . X X X X X
"""

# Each map sees eight of the twelve, but the paper does not say which. This is Karpathy's guess (lecun1989-repro).
LENET1989 = """
    X X X X . . . . X X X X
    X X X X . . . . X X X X
    X X X X . . . . X X X X
    X X X X . . . . X X X X
    X X X X X X X X . . . .
    X X X X X X X X . . . .
    X X X X X X X X . . . .
    X X X X X X X X . . . .
    . . . . X X X X X X X X
    . . . . X X X X X X X X
    . . . . X X X X X X X X
    . . . . X X X X X X X X
"""

TABLES: dict[str, Table | None] = {
    "full": None,  # lets every map see all maps below, whatever their number
    "lenet5-1998": parse(LENET5_1998),
    "lenet1": parse(LENET1),
    "lenet1989": parse(LENET1989),
}
