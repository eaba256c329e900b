"""Connection tables: which of the maps below the maps of the second convolution see.

They are drawn as Table I of the 1998 paper is: a row for each map below, a column for each map of the convolution, an X
where the two are connected. The paper's two reasons for it (section II.B): the connections stay within bounds, and maps
that are given different inputs are forced to become different features.
"""

from __future__ import annotations

Table = tuple[tuple[bool, ...], ...]  # for each map, whether it sees each of the maps below


def parse(drawing: str) -> Table:
    """The columns of a drawing."""
    rows = [[mark == "X" for mark in line.split()] for line in drawing.strip().splitlines()]
    return tuple(zip(*rows, strict=True))


# Table I: S2's maps 0 to 5 down, C3's maps 0 to 15 across; each map of S2 is seen by ten of C3.
LENET5_1998 = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""

# The 20 kernels are certain (the published counts need that many); the order of the columns is from memory, unverified.
LENET1 = """
    X X X . X X . . . . . .
    . X X X X X . . . . . .
    . . . . . . X X X . X X
    . . . . . . . X X X X X
"""

# That each map sees eight of the twelve is published, which eight is not: this is Karpathy's guess (lecun1989-repro).
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
    "full": None,  # every map sees all maps below, however many there are
    "lenet5-1998": parse(LENET5_1998),
    "lenet1": parse(LENET1),
    "lenet1989": parse(LENET1989),
}
