"""The kernels of a single picture: sums over a convolution's kernels and over full connections, forward and back.

As in the kernels of a batch a tile of sums stays in registers while the reduction runs over it. A tile is some rows of
one map, each in whole vectors; or some units of a full connection, whose inputs are in the lanes.
"""

from __future__ import annotations

from math import prod

import halide as hl

from lenet.engines.halide.activations import Function
from lenet.engines.halide.online.planes import Planes, lane, whole
from lenet.engines.halide.online.table import Table
from lenet.engines.halide.processor import LANES, SUMS, divisor, lanes_of, tile
from lenet.engines.halide.units import Kernels, in_a_row, m, m_inner, outer, x, y
from lenet.models.layers import Shape

place = hl.Var("place")
row, y_inner = hl.Var("row"), hl.Var("y_inner")
pair, kx, ky = (hl.Var(name) for name in ("pair", "kx", "ky"))


def convolved(name: str, below: Planes, kernels: Kernels, table: Table, shape: Shape, squash: Function) -> hl.Func:
    """Of each unit: its bias, and weight * unit over the kernel's places and the maps it sees below; squashed."""
    r = hl.RDom([(0, kernels.side), (0, kernels.side), (0, kernels.below)], "r")
    r.where(table.sees(m, r.z))
    sums, units = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = kernels.bias(m)
    sums[x, y, m] += kernels.weight(r.x, r.y, r.z, m) * below(x + r.x, y + r.y, r.z)
    units[x, y, m] = squash(sums[x, y, m])
    _in_tiles(units, sums, r, shape)
    return units


def convolved_back(name: str, gradient: Planes, kernels: Kernels, table: Table, below: Shape) -> hl.Func:
    """The gradient by the units below: back through the same weights. Zeros lie around `gradient`."""
    r = hl.RDom([(0, kernels.side), (0, kernels.side), (0, kernels.maps)], "r")
    r.where(table.sees(r.z, m))
    if _rows(below) == below[1]:  # then which rows lie outside is known as the code is made, and costs nothing
        r.where((y - r.y >= 0) & (y - r.y < gradient.shape[1]))
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = hl.f32(0)
    sums[x, y, m] += kernels.weight(r.x, r.y, m, r.z) * gradient(x - r.x, y - r.y, r.z)
    back[x, y, m] = sums[x, y, m]
    _in_tiles(back, sums, r, below)
    return back


def _in_tiles(func: hl.Func, sums: hl.Func, r: hl.RDom, shape: Shape) -> None:
    """A tile goes down a column of the kernel at once: what a row of units gives to several rows is loaded once."""
    maps, height, width = shape
    func.compute_root().bound(x, 0, whole(width)).bound(y, 0, height).bound(m, 0, maps)
    func.split(y, row, y_inner, _rows(shape)).reorder(x, y_inner, row, m)
    func.vectorize(x, LANES).unroll(x).unroll(y_inner)
    sums.compute_at(func, row).vectorize(x, LANES).unroll(x).unroll(y)
    update = sums.update().reorder(x, y, r.y, r.x, r.z)
    update.vectorize(x, LANES).unroll(x).unroll(y).unroll(r.y)


def _rows(shape: Shape) -> int:
    """How many rows of a map are a tile."""
    _, height, width = shape
    return tile(height, SUMS * LANES // whole(width))


def kernel_gradient(name: str, gradient: Planes, below: Planes, kernels: Kernels, table: Table) -> hl.Func:
    """By each weight, in torch's order: gradient * unit, over all places. Zeros lie beside `gradient`'s rows.

    Each lane sums its own columns; the lanes are added at the end. A tile is a column of one kernel, and takes some
    rows of the maps at once, for the same reason as above.
    """
    maps, height, width = gradient.shape
    side, columns = kernels.side, LANES * divisor(whole(width) // LANES, max(1, SUMS // kernels.side))
    at = hl.RDom([(0, whole(width) // columns), (0, height)], "at")
    lanes, r = hl.RDom([(0, columns)], "lanes"), hl.RDom([(0, side), (0, side), (0, table.length)], "weight")
    by_lane, sums, weights = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_sums"), hl.Func(name)
    column, (from_map, to_map) = lane + columns * at.x, table.pair(pair)
    by_lane[lane, ky, kx, pair] = hl.f32(0)
    by_lane[lane, ky, kx, pair] += gradient(column, at.y, to_map) * below(column + kx, at.y + ky, from_map)
    sums[ky, kx, pair] = hl.f32(0)
    sums[ky, kx, pair] += by_lane[lanes.x, ky, kx, pair]
    extents = (side, side, kernels.below, maps)
    weights[place] = hl.f32(0)
    weights[in_a_row([r.y, r.x, *table.pair(r.z)], extents)] = sums[r.x, r.y, r.z]

    weights.compute_root().bound(place, 0, prod(extents)).vectorize(place, LANES)
    weights.update().unroll(r.x)
    sums.compute_at(weights, r.y).vectorize(ky)
    sums.update().reorder(lanes.x, ky).atomic().vectorize(lanes.x).vectorize(ky)
    by_lane.compute_at(weights, r.y).vectorize(lane, LANES).unroll(lane).unroll(ky)
    rows, some = hl.RVar("rows"), hl.RVar("some")
    update = by_lane.update().split(at.y, rows, some, divisor(height, 2 * side))
    update.reorder(lane, ky, some, at.x, rows)
    update.vectorize(lane, LANES).unroll(lane).unroll(ky).unroll(some)
    return weights


def connected(name: str, below: hl.Func, kernels: Kernels, squash: Function) -> hl.Func:
    """`[m]`: of each unit its bias, and weight * unit over all units below; squashed."""
    width = lanes_of(kernels.below)
    r, lanes = hl.RDom([(0, kernels.below // width)], "r"), hl.RDom([(0, width)], "lanes")
    by_lane, sums, units = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_sums"), hl.Func(name)
    at = lane + width * r.x
    by_lane[lane, m] = hl.f32(0)
    by_lane[lane, m] += kernels.weight(0, 0, at, m) * below[at]
    sums[m] = kernels.bias(m)
    sums[m] += by_lane[lanes.x, m]
    units[m] = squash(sums[m])

    some = divisor(kernels.maps, SUMS // 2)
    sums.compute_root().bound(m, 0, kernels.maps)
    sums.update().split(m, outer, m_inner, some).reorder(lanes.x, m_inner, outer)
    sums.update().atomic().vectorize(lanes.x).vectorize(m_inner)
    by_lane.compute_at(sums, outer).vectorize(lane).unroll(m)
    by_lane.update().reorder(lane, m, r.x).vectorize(lane).unroll(m)
    units.compute_root().bound(m, 0, kernels.maps).vectorize(m, lanes_of(kernels.maps))
    return units


def connected_back(name: str, gradient: hl.Func, kernels: Kernels) -> hl.Func:
    """`[m]`: the gradient by the units below."""
    width = lanes_of(kernels.below)
    r = hl.RDom([(0, kernels.maps)], "r")
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[m] = hl.f32(0)
    sums[m] += gradient[r.x] * kernels.weight(0, 0, m, r.x)
    back[m] = sums[m]

    some = width * tile(kernels.below // width, SUMS + 1)
    back.compute_root().bound(m, 0, kernels.below).split(m, outer, m_inner, some)
    back.vectorize(m_inner, width).unroll(m_inner)
    sums.compute_at(back, outer).vectorize(m, width).unroll(m)
    sums.update().reorder(m, r.x).vectorize(m, width).unroll(m)
    return back
