"""Separate digits in one picture are found in reading order, without the lines and the dirt around them.

pytest tests/data/test_rows.py
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.data.normalise import as_digit
from lenet.data.rows import find_rows, without_rules

PLACES = [[(40, 40), (140, 50), (240, 35)], [(60, 160), (170, 150)]]  # the upper left corners of digits, by row


def page() -> Image.Image:
    """Return two rows of three and two digits, each of two strokes: a 7 that is 50 wide and 70 tall."""
    image = Image.new("L", (340, 260), "white")
    canvas = ImageDraw.Draw(image)
    for row in PLACES:
        for x, y in row:
            canvas.line([(x, y), (x + 50, y), (x + 20, y + 70)], fill="black", width=6)
    return image


def boxes(image: Image.Image) -> list[list[tuple[int, int]]]:
    """Return the upper left corners of what is found, by row."""
    return [[strokes.box[:2] for strokes in row] for row in find_rows(image)]


def near(found: list[list[tuple[int, int]]]) -> bool:
    same = [len(row) for row in found] == [len(row) for row in PLACES]
    if not same:
        return False
    moved = [np.subtract(one, other) for one, other in zip(found, PLACES, strict=True)]
    return max(float(np.abs(row).max()) for row in moved) <= 4


def test_digits_are_found_in_reading_order() -> None:
    assert near(boxes(page()))
    assert near(boxes(Image.fromarray(255 - np.asarray(page()))))


def test_a_box_is_in_pixels_of_the_picture() -> None:
    large = page().resize((3400, 2600))
    assert near([[(x // 10, y // 10) for x, y in row] for row in boxes(large)])


@pytest.mark.parametrize("lean", [0, 3])
def test_lines_of_paper_are_left_out(lean: int) -> None:
    image = page()
    canvas = ImageDraw.Draw(image)
    for y in (20, 90, 225):
        canvas.line([(0, y), (339, y + lean)], fill="black", width=1)
    for x in (15, 120, 325):
        canvas.line([(x, 0), (x + lean, 259)], fill="black", width=1)
    assert near(boxes(image))


def test_without_lines_nothing_is_taken_out() -> None:
    mask = np.asarray(page()) < 128
    np.testing.assert_array_equal(without_rules(mask), mask)
    ruled = mask.copy()
    ruled[20] = True
    np.testing.assert_array_equal(without_rules(ruled), mask)


def test_dirt_frames_and_margins_are_left_out() -> None:
    image = page()
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((10, 10, 329, 249), outline="black")
    canvas.rectangle((0, 240, 30, 259), fill="black")
    for x, y in [(100, 20), (300, 120), (20, 130)]:
        canvas.rectangle((x, y, x + 1, y + 1), fill="black")
    assert near(boxes(image))


def test_strokes_above_each_other_are_one_digit() -> None:
    image = page()
    ImageDraw.Draw(image).line([(240, 22), (280, 22)], fill="black", width=6)  # a bar just above the last of row 1
    assert [len(row) for row in boxes(image)] == [3, 2]
    assert len(find_rows(image)[0][2].parts) == 2


def test_what_is_seen_is_what_a_single_digit_gives() -> None:
    image = page()
    first = find_rows(image)[0][0]
    alone = as_digit(image.crop((20, 20, 110, 130))).astype(int)
    assert np.abs(first.seen.astype(int) - alone).mean() < 2


def test_a_split_and_a_join_keep_the_strokes() -> None:
    strokes = find_rows(page())[0][0]
    left, right = strokes.split(20)
    assert (left.width, right.width) == (20, strokes.width - 20)
    np.testing.assert_array_equal(np.concatenate([left.mask, right.mask], axis=1), strokes.mask)
    assert left.joined(right).box == strokes.box
    np.testing.assert_array_equal(left.joined(right).mask, strokes.mask)


@pytest.mark.parametrize("pen", [3, 5, 12])
def test_thin_digits_in_a_tight_strip_are_found(pen: int) -> None:
    strip = Image.new("L", (1000, 300), "white")
    canvas = ImageDraw.Draw(strip)
    for x in (100, 400, 700):
        canvas.line([(x, 60), (x + 110, 60), (x + 50, 240)], fill="black", width=pen)
    canvas.line([(900, 60), (900, 240)], fill="black", width=pen)
    assert [len(row) for row in find_rows(strip)] == [4]


def test_a_small_digit_on_a_large_page_is_found() -> None:
    large = Image.new("L", (3000, 2000), "white")
    ImageDraw.Draw(large).line([(1500, 900), (1560, 900), (1520, 990)], fill="black", width=9)
    assert len(find_rows(large)[0]) == 1
    assert as_digit(large).any()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (50, 50)])
def test_a_blank_or_tiny_picture_has_no_rows(size: tuple[int, int]) -> None:
    assert find_rows(Image.new("L", size, 200)) == []
    noise = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    find_rows(Image.fromarray(noise))
