"""What the kernels must know of the processor: how wide its vectors are, and how many sums its registers hold."""

from __future__ import annotations

import os

import halide as hl
import torch

os.environ.setdefault("HL_NUM_THREADS", str(torch.get_num_threads()))  # Halide reads it when it first runs

TARGET = hl.get_jit_target_from_environment()
LANES: int = TARGET.natural_vector_size(hl.Float(32))
_REGISTERS = 32 if LANES == 16 or TARGET.arch == hl.TargetArch.ARM else 16
SUMS = 3 * _REGISTERS // 4  # of a tile; the other registers hold what is multiplied


def divisor(number: int, most: int) -> int:
    """The largest one of `number`, at most `most`."""
    return next(some for some in range(most, 0, -1) if number % some == 0)


def lanes_of(units: int) -> int:
    """The widest vector that goes into so many units without a rest."""
    return next(lanes for lanes in (LANES, LANES // 2, LANES // 4, 1) if lanes and units % lanes == 0)


def tile(extent: int, most: int) -> int:
    """How many of `extent` things to take at once, at most `most`: all tiles full if that costs less than half of each.

    Otherwise tiles of nearly equal size, of which the last one overlaps its neighbour.
    """
    most = max(1, min(most, extent))
    even = divisor(extent, most)
    tiles = -(-extent // most)
    return even if 2 * even > most else -(-extent // tiles)
