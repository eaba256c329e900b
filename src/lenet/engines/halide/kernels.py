"""The kernels of a layer: four loop nests, each written as a sum and scheduled by rule.

All have one form. A tile of sums, some maps by some vectors of images, stays in registers while the whole reduction
runs over it; it is written once, squashed or gated as it goes:

    for each tile of maps, each place, each vector of images:
        sums = bias                                        the tile, in registers
        for each weight of the kernel:
            for each map and vector of the tile:           unrolled: one instruction each
                sums += weight * units below               one weight in all lanes, times one vector of images
        write the sums

With enough sums in the tile, the loads (a vector for each column of it, a weight for each row) are fewer than the
multiply-adds, which then run one after the other without waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.activations import Function
from lenet.engines.halide.processor import LANES, SUMS, tile
from lenet.engines.halide.units import Kernels, Units, bound, chunk, m, m_inner, n, n_inner, n_outer, outer, x, y
from lenet.models.layers import Shape

MOST_UNROLLED = 8

column, strip = hl.Var("column"), hl.Var("strip")
lane, below_m, kx, ky = (hl.Var(name) for name in ("lane", "below_m", "kx", "ky"))
kx_outer, kx_inner, ky_outer, ky_inner = (hl.Var(f"k{axis}_{loop}") for axis in "xy" for loop in ("outer", "inner"))


@dataclass(frozen=True)
class Sums:
    """The weighted sums of a layer, not yet squashed, and the reduction that makes them."""

    func: hl.Func
    reduction: hl.RDom
    maps: int
    side: int


def weighted_sums(name: str, below: Units, kernels: Kernels) -> Sums:
    """Of each unit: its bias, and weight * unit over the kernel's places and the maps below (paper, section II.B)."""
    side = kernels.side
    r = hl.RDom([(0, side), (0, side), (0, kernels.below)], "r")
    sums = hl.Func(f"{name}_sums")
    sums[n, x, y, m, chunk] = kernels.bias(m)
    sums[n, x, y, m, chunk] += kernels.weight(r.x, r.y, r.z, m) * below(n, x + r.x, y + r.y, r.z)
    return Sums(sums, r, kernels.maps, side)


def squash(name: str, sums: Sums, squashed: Function, size: tuple[int, int], images: int) -> hl.Func:
    """Every sum, squashed; `size` is the height and width of the maps."""
    units = hl.Func(name)
    units[n, x, y, m, chunk] = squashed(sums.func[n, x, y, m, chunk])
    vectors = tile(images // LANES, 2)
    _in_tiles(units, sums, size, images, maps=tile(sums.maps, SUMS // vectors), vectors=vectors)
    return units


def squash_largest(
    name: str, sums: Sums, squashed: Function, size: tuple[int, int], images: int, *, which: bool
) -> hl.Func:
    """The largest of every 2 x 2 sums, squashed, and `which` of the four it was: the first, if several are as large."""
    units = hl.Func(name)
    four = [sums.func[n, 2 * x + place % 2, 2 * y + place // 2, m, chunk] for place in range(4)]
    largest = hl.max(hl.max(four[0], four[1]), hl.max(four[2], four[3]))
    place = hl.u8(3)
    for earlier in (2, 1, 0):
        place = hl.select(four[earlier] == largest, hl.u8(earlier), place)
    units[n, x, y, m, chunk] = (squashed(largest), place) if which else squashed(largest)
    _in_tiles(units, sums, size, images, maps=tile(sums.maps, SUMS // 4), vectors=1)
    return units


def _in_tiles(units: hl.Func, sums: Sums, size: tuple[int, int], images: int, *, maps: int, vectors: int) -> None:
    """The schedule drawn above: `units` in tiles of so many maps and vectors, their `sums` in registers."""
    bound(units, (sums.maps, *size), images)
    units.split(m, outer, m_inner, maps).split(n, n_outer, n_inner, vectors * LANES)
    units.reorder(n_inner, m_inner, n_outer, x, y, outer).vectorize(n_inner, LANES).unroll(n_inner).unroll(m_inner)
    func, r = sums.func, sums.reduction
    func.compute_at(units, n_outer).vectorize(n, LANES).unroll(n).unroll(x).unroll(y).unroll(m)
    update = func.update().reorder(n, x, y, m, r.x, r.y, r.z)
    update.vectorize(n, LANES).unroll(n).unroll(x).unroll(y).unroll(m)
    if sums.side <= MOST_UNROLLED:
        update.unroll(r.x)


def input_gradient(name: str, gradient: hl.Func, above: Shape, kernels: Kernels, below: Units, images: int) -> hl.Func:
    """The gradient by the sums of the layer below: back through the same weights, then the slope.

    A tile is some maps by a strip of columns. The reduction runs over all columns above that see any of the strip, so
    that each number is read once for the whole tile; which weight lies between two columns is known when the tile is
    unrolled, and where none does, nothing is left of the sum.
    """
    _, height, width = above
    side = kernels.side
    vectors = tile(images // LANES, 2)
    maps = tile(kernels.below, SUMS // vectors)
    columns = tile(below.shape[2], SUMS // (vectors * maps))
    r = hl.RDom([(0, columns + side - 1), (0, side), (0, kernels.maps)], "r")
    seen_x, seen_y = strip * columns + r.x - (side - 1), y - r.y
    r.where((seen_x >= 0) & (seen_x < width) & (seen_y >= 0) & (seen_y < height))
    seen_x, seen_y = (hl.unsafe_promise_clamped(at, 0, end - 1) for at, end in ((seen_x, width), (seen_y, height)))
    kernel_x = column + side - 1 - r.x
    weight = kernels.weight(hl.clamp(kernel_x, 0, side - 1), r.y, m, r.z)
    share = hl.select((kernel_x >= 0) & (kernel_x < side), weight * gradient[n, seen_x, seen_y, r.z, chunk], hl.f32(0))
    sums, gated = hl.Func(f"{name}_sums"), hl.Func(name)
    sums[n, column, strip, y, m, chunk] = hl.f32(0)
    sums[n, column, strip, y, m, chunk] += share
    gated[n, x, y, m, chunk] = sums[n, x % columns, x // columns, y, m, chunk] * below.slope(below(n, x, y, m))

    bound(gated, below.shape, images)
    gated.split(x, strip, column, columns, hl.TailStrategy.GuardWithIf).unroll(column)
    gated.split(m, outer, m_inner, maps).split(n, n_outer, n_inner, vectors * LANES)
    gated.reorder(n_inner, m_inner, column, n_outer, strip, y, outer)
    gated.vectorize(n_inner, LANES).unroll(n_inner).unroll(m_inner)
    sums.compute_at(gated, n_outer).bound_extent(column, columns)
    sums.vectorize(n, LANES).unroll(n).unroll(m).unroll(column)
    update = sums.update().reorder(n, m, column, r.z, r.y, r.x, strip, y)
    update.vectorize(n, LANES).unroll(n).unroll(m).unroll(column).unroll(r.x)
    return gated


def kernel_gradient(
    name: str, gradient: hl.Func, above: Shape, below: Units, kernels: Kernels, images: int, *, stored: bool
) -> hl.Func:
    """By each weight `[kx, ky, below_m, m, chunk]`: gradient * unit, over all places and images.

    Each lane sums its own images; the lanes are added at the end. A tile is a row of the kernel by some maps; or, when
    the `gradient` is not stored but computed as it is read, all weights of one map, so that each is read only once.
    """
    maps, height, width = above
    side = kernels.side
    r = hl.RDom([(0, images // LANES), (0, width), (0, height)], "r")
    lanes = hl.RDom([(0, LANES)], "lanes")
    by_lane, total, weights = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_total"), hl.Func(name)
    image = lane + LANES * r.x
    by_lane[lane, kx, ky, below_m, m, chunk] = hl.f32(0)
    by_lane[lane, kx, ky, below_m, m, chunk] += gradient[image, r.y, r.z, m, chunk] * below(
        image, r.y + kx, r.z + ky, below_m
    )
    total[kx, ky, below_m, m, chunk] = hl.f32(0)
    total[kx, ky, below_m, m, chunk] += by_lane[lanes.x, kx, ky, below_m, m, chunk]
    weights[kx, ky, below_m, m, chunk] = kernels.learned(total[kx, ky, below_m, m, chunk], below_m, m)

    columns = tile(side, 8)
    rows = 1 if stored else tile(side, (SUMS + 1) // columns)  # 32 registers hold the sums of a 5 x 5 kernel
    some = tile(maps, SUMS // (columns * rows))
    weights.bound(kx, 0, side).bound(ky, 0, side).bound(below_m, 0, below.shape[0]).bound(m, 0, maps)
    weights.split(m, outer, m_inner, some).split(kx, kx_outer, kx_inner, columns).split(ky, ky_outer, ky_inner, rows)
    weights.reorder(kx_inner, ky_inner, m_inner, kx_outer, ky_outer, below_m, outer)
    total.compute_at(weights, kx_outer).unroll(kx).unroll(ky).unroll(m)
    total.update().reorder(lanes.x, kx, ky, m).atomic().vectorize(lanes.x).unroll(kx).unroll(ky).unroll(m)
    by_lane.compute_at(weights, kx_outer).vectorize(lane).unroll(kx).unroll(ky).unroll(m)
    by_lane.update().reorder(lane, kx, ky, m, r.x, r.y, r.z, below_m)
    by_lane.update().vectorize(lane).unroll(kx).unroll(ky).unroll(m).unroll(r.x)
    return weights


def bias_gradient(name: str, gradient: hl.Func, above: Shape, images: int) -> hl.Func:
    """By each bias `[m, chunk]`: the gradient, over all places and images."""
    maps, height, width = above
    r = hl.RDom([(0, images // LANES), (0, width), (0, height)], "r")
    lanes = hl.RDom([(0, LANES)], "lanes")
    by_lane, total, biases = hl.Func(f"{name}_by_lane"), hl.Func(f"{name}_total"), hl.Func(name)
    by_lane[lane, m, chunk] = hl.f32(0)
    by_lane[lane, m, chunk] += gradient[lane + LANES * r.x, r.y, r.z, m, chunk]
    total[m, chunk] = hl.f32(0)
    total[m, chunk] += by_lane[lanes.x, m, chunk]
    biases[m, chunk] = total[m, chunk]

    biases.bound(m, 0, maps).split(m, outer, m_inner, tile(maps, 8))
    total.compute_at(biases, outer).unroll(m)
    total.update().atomic().vectorize(lanes.x).unroll(m)
    by_lane.compute_at(biases, outer).vectorize(lane).unroll(m)
    by_lane.update().reorder(lane, m, r.x, r.y, r.z).vectorize(lane).unroll(m)
    return biases


def matrix_gradient(name: str, gradient: hl.Func, above: Shape, below: Units, images: int) -> tuple[hl.Func, hl.Func]:
    """By each weight `[below_m, m, chunk]` of a layer of one place: the product of two matrices.

    The sum runs over images alone, so the lanes hold units below instead: they are turned round first, which is the
    second array given, to be computed before.
    """
    units, maps = below.shape[0], above[0]
    r = hl.RDom([(0, images)], "r")
    turned, sums, weights = hl.Func(f"{name}_turned"), hl.Func(f"{name}_sums"), hl.Func(name)
    turned[below_m, n, chunk] = below(n, 0, 0, below_m)
    sums[below_m, m, chunk] = hl.f32(0)
    sums[below_m, m, chunk] += gradient[r.x, 0, 0, m, chunk] * turned[below_m, r.x, chunk]
    weights[below_m, m, chunk] = sums[below_m, m, chunk]

    lanes = min(LANES, units)
    vectors = tile(units // lanes, 5)
    rows = tile(maps, SUMS // vectors)
    weights.bound(below_m, 0, units).bound(m, 0, maps)
    weights.split(below_m, n_outer, n_inner, vectors * lanes).split(m, outer, m_inner, rows)
    weights.reorder(n_inner, m_inner, outer, n_outer).vectorize(n_inner, lanes).unroll(n_inner).unroll(m_inner)
    sums.compute_at(weights, outer).vectorize(below_m, lanes).unroll(below_m).unroll(m)
    sums.update().reorder(below_m, m, r.x).vectorize(below_m, lanes).unroll(below_m).unroll(m)
    turned.bound(below_m, 0, units).bound(n, 0, images).reorder(n, below_m).vectorize(n, LANES)
    return weights, turned
