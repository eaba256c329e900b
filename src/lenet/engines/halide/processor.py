"""The facts about the processor that kernels need: the width of its vectors, and how many sums its registers hold.

A multiply-add takes four or five cycles, and one or two of them can start in every cycle. So four to ten sums must be
under way at once, each in its own register, or the processor waits for its own results. Such a set of sums is called a
*tile*. A large tile also saves loads: a tile of r maps by c vectors takes c loads of units and r loads of weights (each
copied to all lanes) for its r * c multiply-adds. In one cycle the processor can start as many loads as multiply-adds,
so a tile is good if r + c is well below r * c. As a rule, its sums take at most three quarters of the registers, 24 of
32 with AVX-512; the other registers hold the factors.
"""

from __future__ import annotations

import os
import sys

import halide as hl


def _threads() -> int:
    """Return the number of threads that torch uses if it has been imported, or else would use."""
    if torch := sys.modules.get("torch"):
        return int(torch.get_num_threads())
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(wanted), cores) if wanted.isdecimal() and int(wanted) else cores


os.environ.setdefault("HL_NUM_THREADS", str(_threads()))  # Halide reads it in its first pipeline

TARGET = hl.get_jit_target_from_environment()
LANES: int = TARGET.natural_vector_size(hl.Float(32))
_REGISTERS = 32 if LANES == 16 or TARGET.arch == hl.TargetArch.ARM else 16
SUMS = 3 * _REGISTERS // 4  # the most sums in a tile, as a rule


def divisor(number: int, most: int) -> int:
    """Return the largest divisor of `number` that is at most `most`."""
    return next(candidate for candidate in range(most, 0, -1) if number % candidate == 0)


def lanes_of(units: int) -> int:
    """Return the first of `LANES`, `LANES // 2`, `LANES // 4` and 1 that divides `units`."""
    return next(lanes for lanes in (LANES, LANES // 2, LANES // 4, 1) if lanes and units % lanes == 0)


def tile(extent: int, most: int) -> int:
    """Return a tile size of at most `most`, and at least 1, for a loop over `extent`.

    It is the largest divisor of `extent` up to `most`, if that is more than half of the largest possible size.
    Otherwise it is `extent` divided by the fewest possible tiles, rounded up, and the last tile overlaps the one before
    or is cut short.
    """
    most = max(1, min(most, extent))
    even = divisor(extent, most)
    tiles = -(-extent // most)
    return even if 2 * even > most else -(-extent // tiles)
