"""The kernels of a single picture: sums over a convolution's kernels and over full connections, forward and back.

As in the kernels of a batch a tile of sums stays in registers while the reduction runs over it. A tile is some maps by
some rows, each row in one or two vectors of columns; or some units of a full connection, whose inputs are in the lanes.
"""

from __future__ import annotations

import halide as hl

from lenet.engines.halide.activations import Function
from lenet.engines.halide.online.planes import Planes, whole
from lenet.engines.halide.processor import LANES, SUMS, divisor, lanes_of, tile
from lenet.engines.halide.units import Kernels, m, m_inner, outer, x, y
from lenet.models.layers import Shape

place = hl.Var("place")
row, y_inner = hl.Var("row"), hl.Var("y_inner")
lane, below_m, kx, ky = (hl.Var(name) for name in ("lane", "below_m", "kx", "ky"))


def convolved(name: str, below: Planes, kernels: Kernels, shape: Shape, squash: Function) -> hl.Func:
    """Of each unit: its bias, and weight * unit over the kernel's places and the maps below; squashed."""
    r = hl.RDom([(0, kernels.side), (0, kernels.side), (0, kernels.below)], "r")
    sums, units = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = kernels.bias(m)
    sums[x, y, m] += kernels.weight(r.x, r.y, r.z, m) * below(x + r.x, y + r.y, r.z)
    units[x, y, m] = squash(sums[x, y, m])
    _in_tiles(units, sums, r, shape)
    return units


def convolved_back(name: str, gradient: hl.Func, kernels: Kernels, below: Shape) -> hl.Func:
    """The gradient by the units below: back through the same weights. Zeros lie around `gradient`."""
    r = hl.RDom([(0, kernels.side), (0, kernels.side), (0, kernels.maps)], "r")
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = hl.f32(0)
    sums[x, y, m] += kernels.weight(r.x, r.y, m, r.z) * gradient[x - r.x, y - r.y, r.z]
    back[x, y, m] = sums[x, y, m]
    _in_tiles(back, sums, r, below)
    return back


def _in_tiles(func: hl.Func, sums: hl.Func, r: hl.RDom, shape: Shape) -> None:
    maps, height, width = shape
    vectors = whole(width) // LANES
    some = tile(maps, max(1, 8 // vectors))
    rows = tile(height, max(1, SUMS // (some * vectors)))
    func.compute_root().bound(x, 0, whole(width)).bound(y, 0, height).bound(m, 0, maps)
    func.split(m, outer, m_inner, some).split(y, row, y_inner, rows).reorder(x, y_inner, m_inner, row, outer)
    func.vectorize(x, LANES).unroll(x).unroll(y_inner).unroll(m_inner)
    sums.compute_at(func, row).vectorize(x, LANES).unroll(x).unroll(y).unroll(m)
    update = sums.update().reorder(x, y, m, r.x, r.y, r.z)
    update.vectorize(x, LANES).unroll(x).unroll(y).unroll(m)


def kernel_gradient(name: str, gradient: hl.Func, above: Shape, below: Planes, side: int) -> hl.Func:
    """By each weight, in torch's order: gradient * unit, over all places. Zeros lie beside `gradient`'s rows.

    Each lane sums its own columns; the lanes are added at the end. A tile is a row of the kernel by some maps.
    """
    maps, height, width = above
    at = hl.RDom([(0, whole(width) // LANES), (0, height)], "at")
    lanes = hl.RDom([(0, LANES)], "lanes")
    by_lane, sums, weights = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_sums"), hl.Func(name)
    column = lane + LANES * at.x
    by_lane[lane, kx, ky, below_m, m] = hl.f32(0)
    by_lane[lane, kx, ky, below_m, m] += gradient[column, at.y, m] * below(column + kx, at.y + ky, below_m)
    sums[kx, ky, below_m, m] = hl.f32(0)
    sums[kx, ky, below_m, m] += by_lane[lanes.x, kx, ky, below_m, m]
    maps_below, some = below.shape[0], divisor(maps, max(1, SUMS // side))
    r = hl.RDom([(0, side), (0, some), (0, side), (0, maps_below), (0, maps // some)], "weight")
    of_map = r[1] + some * r[4]
    weights[place] = hl.undef(hl.Float(32))
    weights[r[0] + side * (r[2] + side * (r[3] + maps_below * of_map))] = sums[r[0], r[2], r[3], of_map]

    weights.compute_root().bound(place, 0, maps * maps_below * side**2)
    weights.update().unroll(r[0]).unroll(r[1])
    sums.compute_at(weights, r[2]).unroll(kx).unroll(m)
    sums.update().reorder(lanes.x, kx, m).atomic().vectorize(lanes.x).unroll(kx).unroll(m)
    by_lane.compute_at(weights, r[2]).vectorize(lane).unroll(kx).unroll(m)
    update = by_lane.update().reorder(lane, kx, m, at.x, at.y)
    update.vectorize(lane).unroll(kx).unroll(m).unroll(at.x)
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
    sums.update().atomic().vectorize(lanes.x).unroll(m_inner)
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
