"""The kernels of a layer for a single picture: convolutions and full connections, forward and back.

As in the kernels for batches, a tile of sums (see `lenet.engines.halide.processor`) stays in registers until its last
term has been added. Here a tile of units is some rows of one map, in whole vectors of columns, and a tile of weights is
a column of one kernel. In a full connection the lanes hold the units below. A comment above each schedule gives the
tile, the loads per multiply-add and, for convolutions, the share of a core's peak that the kernel reached by itself
(AVX-512, the network of 1998; `python -m benchmarks.kernels`). Lanes without a column are lost: C1 fills 28 of 32, C3
10 of 16.
"""

from __future__ import annotations

from math import prod

import halide as hl

from lenet.engines.halide.activations import Activation
from lenet.engines.halide.indices import flat_index, m, m_inner, outer, x, y
from lenet.engines.halide.online.planes import Planes, lane, whole
from lenet.engines.halide.processor import LANES, SUMS, divisor, lanes_of, tile
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Shape

place = hl.Var("place")
row, y_inner = hl.Var("row"), hl.Var("y_inner")
pair, kx, ky = (hl.Var(name) for name in ("pair", "kx", "ky"))


def convolution(name: str, below: Planes, weights: Weights, shape: Shape, activation: Activation) -> hl.Func:
    """Return the units of a convolution, with the `shape` (maps, height, width).

    Each is `activation` of the bias plus the sum of weight * unit over the kernel and the connected maps below. If the
    kernels begin in a frame of background, it is around each plane of the units `below`.
    """
    stride, padding = weights.stride, weights.padding
    r = hl.RDom([(0, weights.side), (0, weights.side), (0, weights.below)], "r")
    if not weights.table.full:
        r.where(weights.table.sees(m, r.z))
    sums, units = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = weights.bias(m, hl.min(x, shape[2] - 1), y)
    seen = below(stride * x + r.x - padding, stride * y + r.y - padding, r.z)
    sums[x, y, m] += weights.weight(r.x, r.y, r.z, m) * seen
    units[x, y, m] = activation.with_slope(sums[x, y, m])
    _in_tiles(units, sums, r, shape)
    return units


def input_gradient(name: str, gradient: Planes, weights: Weights, below: Planes) -> hl.Func:
    """Return the gradient with respect to the sums of the layer below.

    `gradient` is the one with respect to this layer's sums, with zeros around each plane and, if the kernels move by
    more than one unit, zeros between. It is multiplied by the transposed kernels and by the slope of the layer below.
    """
    seen_x, seen_y = x + weights.padding, y + weights.padding
    r = hl.RDom([(0, weights.side), (0, weights.side), (0, weights.maps)], "r")
    if not weights.table.full:
        r.where(weights.table.sees(r.z, m))
    if _rows(below.shape) == below.shape[1]:  # the tile is the whole map, so this test is resolved at compile time
        r.where((seen_y - r.y >= 0) & (seen_y - r.y < gradient.shape[1]) & ((seen_y - r.y) % weights.stride == 0))
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[x, y, m] = hl.f32(0)
    sums[x, y, m] += weights.weight(r.x, r.y, m, r.z) * gradient(seen_x - r.x, seen_y - r.y, r.z)
    back[x, y, m] = sums[x, y, m] * below.slope(x, y, m)
    _in_tiles(back, sums, r, below.shape)
    return back


def _in_tiles(func: hl.Func, sums: hl.Func, r: hl.RDom, shape: Shape) -> None:
    """Schedule `func` of `shape` in tiles of some rows of a map, with a tile of `sums` over `r` in registers."""
    # The tile of C1 is 7 rows of 2 vectors, 14 sums. That of C3 is 10 rows of 1 vector, and 14 in the backward pass. A
    # column of the kernel is unrolled, so that a row of units is loaded once for all the rows of sums that use it. C3
    # loads 14 rows of units and 5 weights for 50 products: 0.4 loads per multiply-add.
    # Share of the peak: C1 43 %, C3 29 %, and 34 % in the backward pass.
    maps, height, width = shape
    func.compute_root().bound(x, 0, whole(width)).bound(y, 0, height).bound(m, 0, maps)
    func.split(y, row, y_inner, _rows(shape)).reorder(x, y_inner, row, m)
    func.vectorize(x, LANES).unroll(x).unroll(y_inner)
    sums.compute_at(func, row).vectorize(x, LANES).unroll(x).unroll(y)
    update = sums.update().reorder(x, y, r.y, r.x, r.z)
    update.vectorize(x, LANES).unroll(x).unroll(y).unroll(r.y)


def _rows(shape: Shape) -> int:
    """Return the number of rows of a map in a tile."""
    _, height, width = shape
    return tile(height, SUMS * LANES // whole(width))


def kernel_gradient(name: str, gradient: Planes, below: Planes, weights: Weights) -> hl.Func:
    """Return the gradient with respect to each weight, as a flat array in torch's order.

    It is the sum of `gradient` times the unit below over all positions, and 0 for a missing connection. If the kernels
    begin in a frame of background, it is around each plane of the units `below`. Each row of `gradient` must be
    followed by zeros up to whole vectors. Each lane sums over its own columns, and the lanes are added up at the end. A
    tile is a column of one kernel by some vectors of columns of the map.
    """
    maps, height, width = gradient.shape
    side, stride, padding = weights.side, weights.stride, weights.padding
    columns = LANES * divisor(whole(width) // LANES, max(1, SUMS // weights.side))
    at = hl.RDom([(0, whole(width) // columns), (0, height)], "at")
    lanes, r = hl.RDom([(0, columns)], "lanes"), hl.RDom([(0, side), (0, side), (0, weights.table.length)], "weight")
    by_lane, sums, gradients = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_sums"), hl.Func(name)
    column, (from_map, to_map) = lane + columns * at.x, weights.table.pair(pair)
    by_lane[lane, ky, kx, pair] = hl.f32(0)
    seen = below(stride * column + kx - padding, stride * at.y + ky - padding, from_map)
    by_lane[lane, ky, kx, pair] += gradient(column, at.y, to_map) * seen
    sums[ky, kx, pair] = hl.f32(0)
    sums[ky, kx, pair] += by_lane[lanes.x, ky, kx, pair]
    extents = (side, side, weights.below, maps)
    gradients[place] = hl.f32(0)
    gradients[flat_index([r.y, r.x, *weights.table.pair(r.z)], extents)] = sums[r.x, r.y, r.z]

    # The tile of C1 is 5 weights by 2 vectors, 10 sums; that of C3 is 5 sums. Several rows of the maps are unrolled, so
    # that a row of units is loaded once for all weights of the column: 0.5 loads per multiply-add.
    # Share of the peak: C1 51 %, C3 30 %.
    gradients.compute_root().bound(place, 0, prod(extents)).vectorize(place, min(LANES, prod(extents)))
    gradients.update().unroll(r.x)
    sums.compute_at(gradients, r.y).vectorize(ky)
    sums.update().reorder(lanes.x, ky).atomic().vectorize(lanes.x).vectorize(ky)
    by_lane.compute_at(gradients, r.y).vectorize(lane, LANES).unroll(lane).unroll(ky)
    rows, rows_inner = hl.RVar("rows"), hl.RVar("rows_inner")
    update = by_lane.update().split(at.y, rows, rows_inner, divisor(height, 2 * side))
    update.reorder(lane, ky, rows_inner, at.x, rows)
    update.vectorize(lane, LANES).unroll(lane).unroll(ky).unroll(rows_inner)
    return gradients


def full_connection(name: str, below: Planes, weights: Weights, activation: Activation) -> hl.Func:
    """Return the units `[m]` of a full connection.

    Each is `activation` of the bias plus the sum of weight * unit over all units below.
    """
    width = lanes_of(weights.below)
    r, lanes = hl.RDom([(0, weights.below // width)], "r"), hl.RDom([(0, width)], "lanes")
    by_lane, sums, units = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_sums"), hl.Func(name)
    at = lane + width * r.x
    by_lane[lane, m] = hl.f32(0)
    by_lane[lane, m] += weights.weight(0, 0, at, m) * below(at)
    sums[m] = weights.bias(m)
    sums[m] += by_lane[lanes.x, m]
    units[m] = activation.with_slope(sums[m])

    # The tile of C5 is 12 sums. Each iteration loads one vector of inputs and 12 of weights, one load for each
    # multiply-add. Every weight is used only once, so reading the weights from the cache is what takes the time.
    tile_maps = divisor(weights.maps, SUMS // 2)
    sums.compute_root().bound(m, 0, weights.maps)
    sums.update().split(m, outer, m_inner, tile_maps).reorder(lanes.x, m_inner, outer)
    sums.update().atomic().vectorize(lanes.x).vectorize(m_inner)
    by_lane.compute_at(sums, outer).vectorize(lane).unroll(m)
    by_lane.update().reorder(lane, m, r.x).vectorize(lane).unroll(m)
    units.compute_root().bound(m, 0, weights.maps).vectorize(m, lanes_of(weights.maps))
    return units


def full_connection_input_gradient(name: str, gradient: hl.Func, weights: Weights, below: Planes) -> hl.Func:
    """Return the gradient `[m]` with respect to the sums of the layer below.

    `gradient` is the one with respect to this layer's sums.
    """
    width = lanes_of(weights.below)
    r = hl.RDom([(0, weights.maps)], "r")
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[m] = hl.f32(0)
    sums[m] += gradient[r.x] * weights.weight(0, 0, m, r.x)
    back[m] = sums[m] * below.slope(m)

    # The tile of C5 is 25 vectors of units below, all 400. As in the forward pass, each multiply-add takes one load.
    tile_units = width * tile(weights.below // width, SUMS + 1)
    back.compute_root().bound(m, 0, weights.below).split(m, outer, m_inner, tile_units)
    back.vectorize(m_inner, width).unroll(m_inner)
    sums.compute_at(back, outer).vectorize(m, width).unroll(m)
    sums.update().reorder(m, r.x).vectorize(m, width).unroll(m)
    return back
