"""The kernels of a layer for a chunk of images. Each is a sum, with a schedule that turns it into loops.

In all of them a tile of sums stays in registers until its last term has been added. In the forward pass the tile is
some maps by some vectors of images and, with maximum pooling, by the four positions that are pooled. The sums are
squashed before they are written:

    for each tile of maps, each position, each tile of images:
        sums = bias                                        the tile, in registers
        for each weight of the kernel:
            for each map and vector of the tile:           unrolled: one instruction each
                sums += weight * units below               one weight in all lanes, times one vector of images
        write the squashed sums

The gradients are sums of the same kind, with other tiles. `lenet.engines.halide.processor` says why a tile should be
large. A comment above each schedule gives the tile, the loads per multiply-add and, if it was measured, the share of a
core's peak that the kernel reached by itself (AVX-512, LeNet-5, chunks of 32 images; `python -m benchmarks.kernels`).
`docs/kernel.md` takes C1 from its formula to these loops.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.activations import Activation
from lenet.engines.halide.batch.units import Units, bound, chunk, n, n_inner, n_outer
from lenet.engines.halide.indices import m, m_inner, outer, x, y
from lenet.engines.halide.processor import LANES, SUMS, tile
from lenet.engines.halide.weights import Weights
from lenet.models.layers import Shape

MOST_UNROLLED = 8  # columns of a kernel; a longer loop body would not fit into the cache for instructions

column, strip = hl.Var("column"), hl.Var("strip")
lane, below_m, kx, ky = (hl.Var(name) for name in ("lane", "below_m", "kx", "ky"))
kx_outer, kx_inner, ky_outer, ky_inner = (hl.Var(f"k{axis}_{loop}") for axis in "xy" for loop in ("outer", "inner"))


@dataclass(frozen=True)
class Sums:
    """The weighted sums `func` of a layer, not yet squashed, and the domain `reduction` of their terms.

    The layer has `maps` maps and kernels of `side` x `side` weights.
    """

    func: hl.Func
    reduction: hl.RDom
    maps: int
    side: int


def weighted_sums(name: str, below: Units, weights: Weights) -> Sums:
    """Return the sum of each unit: the bias plus the products of weights and units below (1998, section II.B).

    If the kernels begin in a frame of background, the units `below` include it.
    """
    side, stride = weights.side, weights.stride
    r = hl.RDom([(0, side), (0, side), (0, weights.below)], "r")
    sums = hl.Func(f"{name}_sums")
    sums[n, x, y, m, chunk] = weights.bias(m, x, y)
    sums[n, x, y, m, chunk] += weights.weight(r.x, r.y, r.z, m) * below(n, stride * x + r.x, stride * y + r.y, r.z)
    return Sums(sums, r, weights.maps, side)


def squash(
    name: str, sums: Sums, activation: Activation, size: tuple[int, int], images: int, *, learning: bool
) -> hl.Func:
    """Return the units of a layer: each of the `sums`, squashed by `Activation.with_slope`.

    `size` is the height and width of the maps, and `images` the number of images in a chunk.
    """
    units = hl.Func(name)
    units[n, x, y, m, chunk] = activation.with_slope(sums.func[n, x, y, m, chunk], learning=learning)
    # The tile of C5 and F6 is 12 maps by 2 vectors of images, 24 sums. Each iteration of the reduction loads 2 vectors
    # and 12 weights for its 24 multiply-adds: 0.6 loads per multiply-add.
    # Share of the peak: C5 92 %, F6 93 %.
    vectors = tile(images // LANES, 2)
    _in_tiles(units, sums, size, images, maps=tile(sums.maps, SUMS // vectors), vectors=vectors)
    return units


def squash_largest(
    name: str, sums: Sums, activation: Activation, size: tuple[int, int], images: int, *, learning: bool
) -> hl.Func:
    """Return the largest unit of each 2 x 2 square; if they are `learning`, also its place and, if stored, its slope.

    The places are numbered row by row from 0 to 3. If several units are equal, the place is that of the first. Unless
    the `activation` falls anywhere, the largest unit is that of the largest sum, and no other is squashed. `size` is
    the height and width of the pooled maps, and `images` the number of images in a chunk.
    """
    units = hl.Func(name)
    four = [hl.Expr(sums.func[n, 2 * x + place % 2, 2 * y + place // 2, m, chunk]) for place in range(4)]
    ranks = [activation.squash(each) for each in four] if activation.falls else four
    highest = hl.max(hl.max(ranks[0], ranks[1]), hl.max(ranks[2], ranks[3]))
    place, largest = hl.u8(3), four[3] if activation.falls else highest
    for earlier in (2, 1, 0):
        place = hl.select(ranks[earlier] == highest, hl.u8(earlier), place)
        if activation.falls:
            largest = hl.select(ranks[earlier] == highest, four[earlier], largest)
    values = activation.with_slope(largest, learning=learning)
    unit, *slope = values if isinstance(values, tuple) else (values,)
    units[n, x, y, m, chunk] = (unit, place, *slope) if learning else unit
    # The tile is 6 maps (C1) or 4 maps (C3) by the 4 positions that are pooled, 24 or 16 sums. So the maximum is taken
    # in registers, and the sums are never stored. Each iteration loads 4 vectors and 6 or 4 weights, but 2 of the
    # vectors serve the next column of the kernel too: 0.3 to 0.5 loads per multiply-add.
    # Share of the peak: C1 73 %, C3 84 %.
    _in_tiles(units, sums, size, images, maps=tile(sums.maps, SUMS // 4), vectors=1)
    return units


def _in_tiles(units: hl.Func, sums: Sums, size: tuple[int, int], images: int, *, maps: int, vectors: int) -> None:
    """Schedule `units` in tiles of `maps` maps by `vectors` vectors of images, with a tile of `sums` in registers.

    The loops are those drawn at the top of this module. `size` is the height and width of the maps of `units`.
    """
    # The outer loops run over tiles of maps, positions and vectors of images. The loops within a tile are written out.
    bound(units, (sums.maps, *size), images)
    units.split(m, outer, m_inner, maps).split(n, n_outer, n_inner, vectors * LANES)
    units.reorder(n_inner, m_inner, n_outer, x, y, outer).vectorize(n_inner, LANES).unroll(n_inner).unroll(m_inner)
    # The sums of a tile are computed just before they are squashed. They are few enough to stay in registers.
    func, r = sums.func, sums.reduction
    func.compute_at(units, n_outer).vectorize(n, LANES).unroll(n).unroll(x).unroll(y).unroll(m)
    # Inside, every weight of the kernel is used for the whole tile before the next one is loaded.
    update = func.update().reorder(n, x, y, m, r.x, r.y, r.z)
    update.vectorize(n, LANES).unroll(n).unroll(x).unroll(y).unroll(m)
    if sums.side <= MOST_UNROLLED:
        update.unroll(r.x)


def input_gradient(name: str, gradient: hl.Func, above: Shape, weights: Weights, below: Units, images: int) -> hl.Func:
    """Return the gradient with respect to the sums of the layer below.

    `gradient` is the one with respect to this layer's sums, which have the shape `above`. It is multiplied by the
    transposed kernels and by the slope of the layer below. A tile is some maps by a strip of columns by some vectors of
    images. The reduction runs over all columns above that see any column of the strip, so each number of `gradient` is
    read once for the whole tile. Unrolling makes the kernel index a constant, so the compiler removes the terms whose
    index falls outside the kernel. For that, a strip begins where a kernel may begin.
    """
    _, height, width = above
    side, stride, padding = weights.side, weights.stride, weights.padding
    vectors = tile(images // LANES, 2)
    maps = tile(weights.below, SUMS // vectors)
    columns = stride * tile(-(-below.shape[2] // stride), SUMS // (vectors * maps * stride))
    first, last = -((side - 1 - padding) // stride), (columns - 1 + padding) // stride
    r = hl.RDom([(first, last - first + 1), (0, -(-side // stride)), (0, weights.maps)], "r")
    seen_x, seen_y = strip * (columns // stride) + r.x, (y + padding) // stride - r.y
    kernel_x, kernel_y = column + padding - stride * r.x, (y + padding) % stride + stride * r.y
    r.where((seen_x >= 0) & (seen_x < width) & (seen_y >= 0) & (seen_y < height) & (kernel_y < side))
    seen_x, seen_y = (hl.unsafe_promise_clamped(at, 0, end - 1) for at, end in ((seen_x, width), (seen_y, height)))
    weight = weights.weight(hl.clamp(kernel_x, 0, side - 1), kernel_y, m, r.z)
    share = hl.select((kernel_x >= 0) & (kernel_x < side), weight * gradient[n, seen_x, seen_y, r.z, chunk], hl.f32(0))
    sums, back = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[n, column, strip, y, m, chunk] = hl.f32(0)
    sums[n, column, strip, y, m, chunk] += share
    back[n, x, y, m, chunk] = sums[n, x % columns, x // columns, y, m, chunk] * below.slope(n, x, y, m)

    # The tile of C3 is 6 maps by 2 columns by 2 vectors of images, 24 sums. Each iteration loads 2 vectors and up to 12
    # weights: 0.6 loads per multiply-add. The tile of C5 is 10 maps by 2 vectors, as in a full connection.
    # Share of the peak: C3 86 %, C5 79 %.
    bound(back, below.shape, images)
    back.split(x, strip, column, columns, hl.TailStrategy.GuardWithIf).unroll(column)
    back.split(m, outer, m_inner, maps).split(n, n_outer, n_inner, vectors * LANES)
    back.reorder(n_inner, m_inner, column, n_outer, strip, y, outer)
    back.vectorize(n_inner, LANES).unroll(n_inner).unroll(m_inner)
    sums.compute_at(back, n_outer).bound_extent(column, columns)
    sums.vectorize(n, LANES).unroll(n).unroll(m).unroll(column)
    update = sums.update().reorder(n, m, column, r.z, r.y, r.x, strip, y)
    update.vectorize(n, LANES).unroll(n).unroll(m).unroll(column).unroll(r.x)
    return back


def kernel_gradient(
    name: str, gradient: hl.Func, above: Shape, below: Units, weights: Weights, images: int, *, stored: bool
) -> hl.Func:
    """Return the gradient with respect to each weight, as `[kx, ky, below_m, m, chunk]`.

    It is the sum of `gradient` times the unit below over all positions and images, and 0 for a connection that is
    missing from the table. If the kernels begin in a frame of background, the units `below` include it. Each lane sums
    over its own images, and the lanes are added up at the end. A tile is a row of the kernel (or a part of a wide one)
    by some maps. If `gradient` is inlined rather than `stored`, the tile has several rows of the kernel where they fit,
    so that `gradient` is computed less often.
    """
    maps, height, width = above
    side, stride = weights.side, weights.stride
    r = hl.RDom([(0, images // LANES), (0, width), (0, height)], "r")
    lanes = hl.RDom([(0, LANES)], "lanes")
    by_lane, total, by_weights = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_total"), hl.Func(name)
    image = lane + LANES * r.x
    by_lane[lane, kx, ky, below_m, m, chunk] = hl.f32(0)
    by_lane[lane, kx, ky, below_m, m, chunk] += gradient[image, r.y, r.z, m, chunk] * below(
        image, stride * r.y + kx, stride * r.z + ky, below_m
    )
    total[kx, ky, below_m, m, chunk] = hl.f32(0)
    total[kx, ky, below_m, m, chunk] += by_lane[lanes.x, kx, ky, below_m, m, chunk]
    by_weights[kx, ky, below_m, m, chunk] = weights.table.masked(total[kx, ky, below_m, m, chunk], m, below_m)

    # The tile of C3 is 5 columns of the kernel by 4 maps, 20 sums. Each iteration loads 4 gradients and 5 units: 0.5
    # loads per multiply-add. The tile of C1 is 5 columns by 5 rows, 25 sums. It takes one load per multiply-add, but
    # the gradient, which comes through the pooling, is computed only once.
    # Share of the peak: C1 62 %, C3 90 %.
    columns = tile(side, 8)  # a whole row of the usual kernels; a part of wider ones, so that some maps fit beside it
    rows = 1 if stored else tile(side, (SUMS + 1) // columns)  # 32 registers hold the sums of a 5 x 5 kernel
    tile_maps = tile(maps, SUMS // (columns * rows))
    by_weights.bound(kx, 0, side).bound(ky, 0, side).bound(below_m, 0, below.shape[0]).bound(m, 0, maps)
    by_weights.split(m, outer, m_inner, tile_maps)
    by_weights.split(kx, kx_outer, kx_inner, columns).split(ky, ky_outer, ky_inner, rows)
    by_weights.reorder(kx_inner, ky_inner, m_inner, kx_outer, ky_outer, below_m, outer)
    total.compute_at(by_weights, kx_outer).unroll(kx).unroll(ky).unroll(m)
    total.update().reorder(lanes.x, kx, ky, m).atomic().vectorize(lanes.x).unroll(kx).unroll(ky).unroll(m)
    by_lane.compute_at(by_weights, kx_outer).vectorize(lane).unroll(kx).unroll(ky).unroll(m)
    by_lane.update().reorder(lane, kx, ky, m, r.x, r.y, r.z, below_m)
    by_lane.update().vectorize(lane).unroll(kx).unroll(ky).unroll(m).unroll(r.x)
    return by_weights


def bias_gradient(name: str, gradient: hl.Func, above: Shape, images: int) -> hl.Func:
    """Return the gradient with respect to each bias `[m, chunk]`: `gradient`, summed over positions and images."""
    maps, height, width = above
    r = hl.RDom([(0, images // LANES), (0, width), (0, height)], "r")
    lanes = hl.RDom([(0, LANES)], "lanes")
    by_lane, total, by_biases = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_total"), hl.Func(name)
    by_lane[lane, m, chunk] = hl.f32(0)
    by_lane[lane, m, chunk] += gradient[lane + LANES * r.x, r.y, r.z, m, chunk]
    total[m, chunk] = hl.f32(0)
    total[m, chunk] += by_lane[lanes.x, m, chunk]
    by_biases[m, chunk] = total[m, chunk]

    # Every addition needs a load, whatever the tile. A tile is up to 8 maps, so that few additions have to wait.
    by_biases.bound(m, 0, maps).split(m, outer, m_inner, tile(maps, 8))
    total.compute_at(by_biases, outer).unroll(m)
    total.update().atomic().vectorize(lanes.x).unroll(m)
    by_lane.compute_at(by_biases, outer).vectorize(lane).unroll(m)
    by_lane.update().reorder(lane, m, r.x, r.y, r.z).vectorize(lane).unroll(m)
    return by_biases


def matrix_gradient(name: str, gradient: hl.Func, above: Shape, below: Units, images: int) -> tuple[hl.Func, hl.Func]:
    """Return the gradient with respect to each weight, and the transposed units that it reads.

    The layer's maps have one unit each, so the gradient `[below_m, m, chunk]` is a product of two matrices, summed over
    the images only. Therefore the lanes hold the units below, which must be transposed. The caller must have the
    transpose `[below_m, n, chunk]` stored.
    """
    units, maps = below.shape[0], above[0]
    r = hl.RDom([(0, images)], "r")
    transposed, sums, by_weights = hl.Func(f"{name}_transposed"), hl.Func(f"{name}_sums"), hl.Func(name)
    transposed[below_m, n, chunk] = below(n, 0, 0, below_m)
    sums[below_m, m, chunk] = hl.f32(0)
    sums[below_m, m, chunk] += gradient[r.x, 0, 0, m, chunk] * transposed[below_m, r.x, chunk]
    by_weights[below_m, m, chunk] = sums[below_m, m, chunk]

    # The tile of C5 is 5 vectors of units by 4 maps, 20 sums. Each iteration loads 5 vectors and 4 gradients: 0.5 loads
    # per multiply-add. A sum has only 32 terms, one for each image, before it is written.
    # Share of the peak: C5 69 %, F6 68 %.
    lanes = min(LANES, units)
    vectors = tile(units // lanes, 5)
    rows = tile(maps, SUMS // vectors)
    by_weights.bound(below_m, 0, units).bound(m, 0, maps)
    by_weights.split(below_m, n_outer, n_inner, vectors * lanes).split(m, outer, m_inner, rows)
    by_weights.reorder(n_inner, m_inner, outer, n_outer).vectorize(n_inner, lanes).unroll(n_inner).unroll(m_inner)
    sums.compute_at(by_weights, outer).vectorize(below_m, lanes).unroll(below_m).unroll(m)
    sums.update().reorder(below_m, m, r.x).vectorize(below_m, lanes).unroll(below_m).unroll(m)
    transposed.bound(below_m, 0, units).bound(n, 0, images).reorder(n, below_m).vectorize(n, LANES)
    return by_weights, transposed
