"""The IDX reader reads bytes made by hand, gives back what was written, and refuses anything else.

pytest tests/data/test_idx.py
"""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lenet.data.idx import LIMIT, pair, parse_idx, read_idx, unpack, write_idx
from lenet.errors import InputError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LABELS = b"\0\0\x08\x01" + b"\0\0\0\x03" + bytes([7, 2, 1])  # three labels, byte by byte


@pytest.mark.parametrize(("code", "kind"), TYPES.items())
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_type_is_read_as_the_format_says(tmp_path: Path, code: int, kind: str, packed: bool) -> None:
    values = np.array([[0, 1, 2], [3, 100, 127]], dtype=kind)
    content = bytes([0, 0, code, 2]) + struct.pack(">II", 2, 3) + values.tobytes()
    path = tmp_path / "any-name"
    path.write_bytes(gzip.compress(content) if packed else content)
    array = read_idx(path)
    np.testing.assert_array_equal(array, values)
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert array.flags.aligned


def test_bytes_are_parsed_without_changing_them() -> None:
    array = parse_idx(LABELS, "labels")
    array[0] = 9
    assert LABELS[8] == 7


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_the_same_array_gives_the_same_file(tmp_path: Path, name: str) -> None:
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_idx(tmp_path / folder / name, array)
    content = (tmp_path / "a" / name).read_bytes()
    assert content == (tmp_path / "b" / name).read_bytes()
    assert content.startswith(b"\x1f\x8b") == name.endswith(".gz")
    assert [path.name for path in (tmp_path / "a").iterdir()] == [name]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from(["u1", "i1", ">i2", "<i4", "f4", ">f8"]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=4, max_side=4))
    ),
    name=st.sampled_from(["plain", "packed.gz"]),
)
def test_what_is_written_is_read_back(tmp_path: Path, array: NDArray[Any], name: str) -> None:
    write_idx(tmp_path / name, array)
    np.testing.assert_array_equal(read_idx(tmp_path / name), array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3, np.int64), "IDX has no type for int64"),
        (np.zeros(3, bool), "IDX has no type for bool"),
        (np.zeros((), np.uint8), "expected rank 1 to 4"),
        (np.zeros((1,) * 5, np.uint8), "expected rank 1 to 4"),
        (np.zeros(0, np.uint8), "no place in an IDX file"),
    ],
)
def test_what_idx_cannot_hold_is_not_written(tmp_path: Path, array: NDArray[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_idx(tmp_path / "x", array)
    assert not any(tmp_path.iterdir())


HOSTILE = {
    "empty": (b"", "starts with nothing"),
    "html": (b"<html>", "starts with 3c 68 74 6d"),
    "first byte": (b"\1" + LABELS[1:], "not an IDX file"),
    "second byte": (b"\0\1" + LABELS[2:], "not an IDX file"),
    "type": (b"\0\0\x0a" + LABELS[3:], "not an IDX file"),
    "rank 0": (b"\0\0\x08\0", "not an IDX file"),
    "rank 5": (b"\0\0\x08\x05" + bytes(24), "not an IDX file"),
    "within header": (LABELS[:6], "ends within its header"),
    "cut short": (LABELS[:-1], "is 10 bytes long, but its header promises 11"),
    "left over": (LABELS + b"\0", "is 12 bytes long, but its header promises 11"),
    "no labels": (b"\0\0\x08\x01" + bytes(4), "holds nothing"),
    "over limit": (b"\0\0\x08\x01\x7f\xff\xff\xff", "promises 2147483655 bytes .* at most 1073741824"),
    "overflow": (b"\0\0\x0e\x04" + b"\xff" * 16, "at most 1073741824"),
    "overflow to nothing": (b"\0\0\x08\x04" + b"\0\1\0\0" * 4, "at most 1073741824"),
    "gzip cut short": (gzip.compress(LABELS)[:-9], "cut short"),
    "gzip checksum cut": (gzip.compress(LABELS)[:-1], "cut short"),
    "gzip checksum": (gzip.compress(LABELS)[:-5] + b"\0" + gzip.compress(LABELS)[-4:], "incorrect data check"),
    "gzip second member": (gzip.compress(LABELS) * 2, "goes on after its end"),
    "gzip left over": (gzip.compress(LABELS) + b"\0", "goes on after its end"),
    "gzip far left over": (gzip.compress(LABELS) + bytes(1 << 17), "goes on after its end"),
    "gzip of more": (gzip.compress(LABELS + b"\0"), "does not hold the 11 bytes"),
    "gzip of less": (gzip.compress(LABELS[:-1]), "does not hold the 11 bytes"),
    "gzip of nothing": (gzip.compress(b""), "starts with nothing"),
    "gzip of gzip": (gzip.compress(gzip.compress(LABELS)), "starts with 1f 8b"),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_anything_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    with pytest.raises(InputError):
        parse_idx(bytearray(content), "labels")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="is not a file"):
            read_idx(path)


headers = st.builds(
    lambda code, shape, body: bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + body,
    code=st.sampled_from(list(TYPES)),
    shape=st.lists(st.integers(0, 9) | st.integers(0, 2**32 - 1), max_size=6),
    body=st.binary(max_size=100),
)


@settings(max_examples=500)
@given(content=st.binary(max_size=200) | headers, packed=st.booleans(), limit=st.integers(0, 1 << 20))
def test_no_header_makes_it_fail_otherwise_or_take_more_memory(content: bytes, packed: bool, limit: int) -> None:
    file = BytesIO(gzip.compress(content, compresslevel=1) if packed else content)
    tracemalloc.start()
    try:
        parse_idx(unpack(file, "it", limit=limit), "it")
    except InputError:
        pass
    else:
        assert len(content) <= limit
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < limit + (1 << 18)


def bomb(header: bytes) -> bytes:
    """Return a gzip file of `header` and a gigabyte of zeros, one compressed megabyte repeated."""
    deflate = zlib.compressobj(wbits=-15)
    start = deflate.compress(header) + deflate.flush(zlib.Z_FULL_FLUSH)
    megabyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(7) + start + megabyte * 1024


@pytest.mark.parametrize("size", [10, 1 << 20, 2**32 - 1])
def test_a_gzip_bomb_is_not_inflated(size: int) -> None:
    content = bomb(b"\0\0\x08\x01" + struct.pack(">I", size))
    assert len(zlib.decompressobj(31).decompress(content, 1 << 24)) == 1 << 24, "it would explode"
    tracemalloc.start()
    with pytest.raises(InputError):
        unpack(BytesIO(content), "bomb")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < (size if size <= LIMIT else 0) * 5 // 4 + (1 << 18)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_promise_beyond_memory_takes_none(packed: bool) -> None:
    header = b"\0\0\x08\x04" + struct.pack(">4I", *[1 << 10] * 4)  # 2^40 bytes
    content = gzip.compress(header) if packed else header
    tracemalloc.start()
    with pytest.raises(InputError, match="1099511627796 bytes"):
        unpack(BytesIO(content), "it")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 18


def test_pictures_and_labels_become_a_split() -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    split = pair(images, np.array([1, 0], np.uint8), "it", classes=2)
    np.testing.assert_array_equal(split.pictures, images[:, None])
    np.testing.assert_array_equal(split.labels, [1, 0])
    np.testing.assert_array_equal(pair(images[:, None], np.zeros(2, np.uint8), "it").pictures, images[:, None])


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 3, 3), np.int8), np.zeros(2, np.uint8), "pictures are int8"),
        (np.zeros((2, 3), np.uint8), np.zeros(2, np.uint8), "expected uint8 of rank 3 or 4"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.int32), "labels are int32"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((2, 1), np.uint8), "expected uint8 of rank 1"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros(3, np.uint8), "2 pictures have 3 labels"),
        (np.zeros((2, 3, 3), np.uint8), np.array([0, 10], np.uint8), "label 10 is out of range: expected 0 to 9"),
    ],
)
def test_arrays_that_do_not_pair_are_refused(images: NDArray[Any], labels: NDArray[Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^it: .*{message}"):
        pair(images, labels, "it", classes=10)
