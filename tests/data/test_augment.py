"""Distortions lie in their ranges when they are drawn, and are applied as scipy and numpy apply the same map.

pytest tests/data/test_augment.py
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from torch import Tensor

from lenet.data.augment import WIDTH, Augmentation, waves
from lenet.data.warp import warp
from lenet.errors import InputError

SIZE = 12
ALL = Augmentation(shift=2, rotation=20, zoom=0.2, squeeze=0.2, pivot=3, shear=0.3, flip=True)
ELASTIC = replace(ALL, elastic=1.5)


def pictures(count: int = 3, channels: int = 1) -> Tensor:
    return torch.rand((count, channels, SIZE, SIZE), generator=torch.Generator().manual_seed(0)) * 255


def maps(*rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).flatten(1)


def draw(augmentation: Augmentation, count: int = 200, seed: int = 0) -> NDArray[np.float32]:
    return augmentation.draw(count, SIZE, np.random.default_rng(seed))


def affines(augmentation: Augmentation, count: int = 200) -> NDArray[np.float64]:
    return draw(augmentation, count).reshape(count, 2, 3).astype(np.float64)


def test_a_warp_is_scipy_s() -> None:
    x, distortions = pictures(5), draw(ALL, 5)
    down, right = np.mgrid[0:SIZE, 0:SIZE]
    centred = np.stack([(right + 0.5) * 2 / SIZE - 1, (down + 0.5) * 2 / SIZE - 1, np.ones_like(down)])
    for picture, result, distortion in zip(x, warp(x, torch.from_numpy(distortions)), distortions, strict=True):
        read_right, read_down = np.einsum("ij,jhw->ihw", distortion.reshape(2, 3).astype(np.float64), centred)
        places = [(read_down + 1) * SIZE / 2 - 0.5, (read_right + 1) * SIZE / 2 - 0.5]
        expected = map_coordinates(picture[0].double().numpy(), places, order=1, mode="grid-constant", cval=0)
        np.testing.assert_allclose(result[0], expected, atol=0.01)


def test_no_distortion_leaves_pictures_as_they_are() -> None:
    none = draw(Augmentation(), 3)
    np.testing.assert_array_equal(none, np.broadcast_to([1, 0, 0, 0, 1, 0], (3, 6)))
    torch.testing.assert_close(warp(pictures(), torch.from_numpy(none)), pictures(), atol=0.01, rtol=0)


def test_a_shift_by_whole_pixels() -> None:
    x = pictures(1, 2)
    moved = warp(x, maps([[1, 0, 2 * 3 / SIZE], [0, 1, -2 * 1 / SIZE]]))  # reads 3 to the right, 1 above
    expected = torch.zeros_like(x)
    expected[..., 1:, :-3] = x[..., :-1, 3:]
    torch.testing.assert_close(moved, expected, atol=0.01, rtol=0)


def test_a_mirror() -> None:
    torch.testing.assert_close(
        warp(pictures(1), maps([[-1, 0, 0], [0, 1, 0]])), pictures(1).flip(-1), atol=0.01, rtol=0
    )


def test_a_quarter_turn() -> None:
    turned = warp(pictures(1), maps([[0, -1, 0], [1, 0, 0]]))
    torch.testing.assert_close(turned, torch.rot90(pictures(1), 1, (2, 3)), atol=0.01, rtol=0)


def test_each_picture_has_its_own_map() -> None:
    x, distortions = pictures(4), torch.from_numpy(draw(ALL, 4))
    together = warp(x, distortions)
    for place in range(4):
        torch.testing.assert_close(together[place : place + 1], warp(x[place : place + 1], distortions[place, None]))


def test_what_is_drawn_has_the_form_that_engines_take() -> None:
    for augmentation, numbers in ((ALL, 6), (ELASTIC, 6 + 2 * 8 * 8)):
        drawn = draw(augmentation, 7)
        assert augmentation.numbers == numbers
        assert drawn.shape == (7, numbers)
        assert drawn.dtype == np.float32
        assert drawn.flags.c_contiguous
        assert draw(augmentation, 0).shape == (0, numbers)
    assert Augmentation().numbers == 0


def test_the_generator_decides() -> None:
    np.testing.assert_array_equal(draw(ALL, seed=1), draw(ALL, seed=1))
    assert not (draw(ALL, seed=1) == draw(ALL, seed=2)).all(axis=1).any()


@settings(max_examples=50)
@given(
    shift=st.floats(0, 16),
    rotation=st.floats(0, 180),
    zoom=st.floats(0, 0.9),
    shear=st.floats(0, 2),
    flip=st.booleans(),
)
def test_what_is_drawn_lies_in_its_range(shift: float, rotation: float, zoom: float, shear: float, flip: bool) -> None:
    augmentation = Augmentation(shift=shift, rotation=rotation, zoom=zoom, shear=shear, flip=flip)
    drawn = affines(augmentation, 60)
    assert np.abs(drawn[:, :, 2]).max() <= shift * 2 / SIZE + 1e-6
    first, second = drawn[:, :, 0], drawn[:, :, 1]
    sizes = np.linalg.norm(first, axis=1)  # the zoom, mirrored or not
    assert sizes.max() <= (1 + zoom) * (1 + 1e-6)
    assert sizes.min() >= 1 / (1 + zoom) * (1 - 1e-6)
    turned = np.linalg.det(np.stack([first, second], axis=2)) / sizes**2  # +1, or -1 where mirrored
    np.testing.assert_allclose(np.abs(turned), 1, rtol=1e-4, atol=1e-4)
    assert flip or (turned > 0).all()
    upright = first * np.sign(turned)[:, None]
    angles = np.degrees(np.arctan2(upright[:, 1], upright[:, 0]))
    assert np.abs(angles).max() <= rotation + 1e-3
    leans = np.sum(upright * second, axis=1) / sizes**2  # along the first axis
    assert np.abs(leans).max() <= shear * (1 + 1e-4) + 1e-4


@pytest.mark.parametrize(
    ("name", "column"), [("shift", (slice(None), slice(None), 2)), ("rotation", (slice(None), 1, 0))]
)
def test_a_range_is_used_on_both_sides(name: str, column: Any) -> None:
    ranges: dict[str, Any] = {name: 10}
    drawn = affines(Augmentation(**ranges), 1000)[column]
    assert drawn.min() < 0 < drawn.max()
    assert abs(drawn.mean()) < 0.1 * np.abs(drawn).max()
    assert np.abs(drawn).max() > 0.98 * (10 * 2 / SIZE if name == "shift" else np.sin(np.deg2rad(10)))


def test_a_squeezed_picture_keeps_its_area() -> None:
    drawn = affines(Augmentation(squeeze=0.25), 1000)
    tall = drawn[:, 1, 1]
    np.testing.assert_allclose(drawn[:, 0, 0], 1 / tall, rtol=1e-6)
    assert 0.8 <= tall.min() < 0.81 < 1.24 < tall.max() <= 1.25
    assert not drawn[:, [0, 1, 0, 1], [1, 0, 2, 2]].any()


def test_zoom_and_squeeze_leave_the_pivot_where_it_is() -> None:
    """The pivot is the place `pivot` pixels below the centre, and the distortion reads it at itself."""
    drawn = affines(Augmentation(zoom=0.3, squeeze=0.2, pivot=4))
    place = np.array([0, 4 * 2 / SIZE, 1])
    np.testing.assert_allclose(drawn @ place, np.broadcast_to(place[:2], (200, 2)), atol=1e-6)


def test_half_are_mirrored() -> None:
    mirrored = (affines(Augmentation(flip=True), 1000)[:, 0, 0] < 0).sum()
    assert 440 < mirrored < 560


def test_is_true_when_it_does_something() -> None:
    assert not Augmentation()
    ranges: dict[str, Any] = {"shift": 1, "rotation": 1, "zoom": 0.1, "squeeze": 0.1, "shear": 0.1, "elastic": 1}
    assert all(Augmentation(**{name: value}) for name, value in ranges.items())
    assert Augmentation(flip=True)
    assert not Augmentation(pivot=10)  # a pivot alone does nothing


@pytest.mark.parametrize(
    ("ranges", "sentence"),
    [
        ({"shift": -1}, "shift is -1: it must be from 0 to 16"),
        ({"rotation": 181}, "rotation is 181: it must be from 0 to 180"),
        ({"zoom": 1.0}, "zoom is 1: it must be from 0 to 0.9"),
        ({"squeeze": -0.1}, "squeeze is -0.1: it must be from 0 to 0.9"),
        ({"pivot": 1000}, "pivot is 1000: it must be from -512 to 512"),
        ({"elastic": 17}, "elastic is 17: it must be from 0 to 16"),
        ({"copies": 9}, "copies is 9, but nothing distorts them: give a shift, say, or no copies"),
        ({"copies": 1001, "shift": 1}, "copies is 1001: it must be from 0 to 1000"),
        ({"shear": float("nan")}, "shear is nan: it must be from 0 to 2"),
        ({"flip": 1}, "flip is 1: expected true or false"),
    ],
)
def test_ranges_that_are_none(ranges: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Augmentation(**ranges)


def test_an_elastic_distortion_moves_what_an_affine_one_reads() -> None:
    """The pictures are scipy's for the places that the sums of the waves give, written out."""
    x, distortions = pictures(4), draw(ELASTIC, 4)
    pixels = (2 * np.arange(SIZE) + 1) / SIZE - 1
    bells = np.array([[np.exp(-((p - c) ** 2) / 2 / WIDTH**2) for c in 0.375 * (np.arange(8) - 3.5)] for p in pixels])
    bells /= np.sqrt((bells**2).sum(1, keepdims=True))
    for picture, result, numbers in zip(x, warp(x, torch.from_numpy(distortions)), distortions, strict=True):
        affine, heights = numbers[:6].reshape(2, 3).astype(np.float64), numbers[6:].reshape(2, 8, 8)
        places = np.empty((2, SIZE, SIZE))
        for row, column in np.ndindex(SIZE, SIZE):
            read = affine @ [pixels[column], pixels[row], 1]
            read = read + [bells[row] @ heights[axis] @ bells[column] for axis in range(2)]
            places[:, row, column] = (read[::-1] + 1) * SIZE / 2 - 0.5
        expected = map_coordinates(picture[0].double().numpy(), places, order=1, mode="grid-constant", cval=0)
        np.testing.assert_allclose(result[0], expected, atol=0.01)


def test_the_affine_part_is_that_of_the_same_seed_without_waves() -> None:
    np.testing.assert_array_equal(draw(ELASTIC)[:, :6], draw(ALL))


def test_places_are_moved_as_far_everywhere_and_as_smoothly_as_by_smoothed_noise() -> None:
    """White noise smoothed by a Gaussian of sigma s has the correlation exp(-d^2 / 4 s^2) at the distance d."""
    size, sigma = 32, 4
    heights = draw(Augmentation(elastic=0.7), 4000)[:, 6:].reshape(-1, 8, 8) / (2 / SIZE)
    moved = np.einsum("yi,nij,xj->nyx", waves(size), heights, waves(size))
    np.testing.assert_allclose(moved.std(0), 0.7, rtol=0.05)
    for apart in range(0, 20, 4):
        correlation = (moved[:, 6, 6] * moved[:, 6, 6 + apart]).mean() / 0.7**2
        assert correlation == pytest.approx(np.exp(-(apart**2) / (4 * sigma**2)), abs=0.05)
