"""IDX, the file format of MNIST: two zero bytes, a type code, the rank, the sizes, then the values, big-endian.

Reading is strict. A file must have exactly the length that its header gives, and that length must be within the
caller's limit. A gzip stream is inflated to at most one byte more, so a decompression bomb does no harm. The format is
described at yann.lecun.com/exdb/mnist.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lenet.data.dataset import Split
from lenet.errors import InputError
from lenet.files import write_atomically

LIMIT = 1 << 30  # the most bytes of a decompressed file, unless the caller says otherwise
HIGHEST_RANK = 4
CHUNK = 1 << 16  # bytes read or inflated at a time
GZIP = b"\x1f\x8b"

TYPES = {code: np.dtype(f">{kind}") for code, kind in
         {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}.items()}  # fmt: skip


def read_idx(path: Path | str, *, limit: int = LIMIT) -> NDArray[Any]:
    """Return the values of the IDX file at `path` as a C-contiguous, writeable array in native byte order.

    The file is plain or gzipped, whatever its name. Raises `InputError` when it cannot be read, holds more than `limit`
    bytes decompressed, or is not exactly one IDX file of rank 1 to 4 with at least one value. So a wrong magic number,
    an early end, bytes left over, and a damaged or second gzip member are all refused.
    """
    return parse_idx(read_content(path, limit=limit), path)


def write_idx(path: Path | str, array: NDArray[Any]) -> None:
    """Write `array` to `path` as an IDX file, gzipped if the name ends in `.gz`; the same array gives the same bytes.

    Raises `InputError` for a type that IDX lacks, a rank outside 1 to 4, or an empty array, and `OSError` when the file
    cannot be written.
    """
    path = Path(path)
    codes = {kind.newbyteorder("="): code for code, kind in TYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        raise InputError(f"{path}: IDX has no type for {array.dtype}: convert to one of {', '.join(map(str, codes))}")
    if not 1 <= array.ndim <= HIGHEST_RANK or array.size == 0:
        raise InputError(f"{path}: an array of shape {array.shape} has no place in an IDX file: expected rank 1 to 4")
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    content = header + array.astype(TYPES[code]).tobytes()
    write_atomically(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read_content(path: Path | str, *, limit: int = LIMIT) -> bytearray:
    """Return the decompressed bytes of the IDX file at `path`. Raises `InputError` as `read_idx` does."""
    if not os.path.isfile(path):
        raise InputError(f"{path} is not a file: expected an IDX file")
    try:
        with open(path, "rb") as file:
            return unpack(file, path, limit=limit)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def unpack(file: BinaryIO, name: Path | str, *, limit: int = LIMIT) -> bytearray:
    """Return the decompressed bytes of the IDX file in the open, seekable binary `file`.

    Raises `InputError`, which calls the file `name`, for any content that `read_idx` refuses.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    packed = file.read(2) == GZIP
    file.seek(0)
    stream = _GzipMember(file) if packed else file
    try:
        content = bytearray(stream.read(4))
        _check_magic(content, name)
        content += stream.read(4 * content[3])
        promised = _promised(content, name, limit)
        if not packed and size != promised:
            raise InputError(f"{name} is {size} bytes long, but its header promises {promised}")
        while len(content) < promised and (piece := stream.read(min(promised - len(content), CHUNK))):
            content += piece
        if len(content) != promised or stream.read(1):
            raise InputError(f"{name} does not hold the {promised} bytes that its header promises")
    except zlib.error as error:
        raise InputError(f"{name} is a damaged gzip file: {error}") from error
    return content


def parse_idx(content: bytearray | bytes, name: Path | str) -> NDArray[Any]:
    """Return the values in `content`, the bytes of one whole IDX file, as an array like that of `read_idx`.

    A bytearray must be decompressed already, and values of one byte share its memory. `bytes` are copied and may be
    gzipped. Raises `InputError`, which calls the file `name`, for any content that `read_idx` refuses.
    """
    content = content if isinstance(content, bytearray) else unpack(BytesIO(content), name)
    _check_magic(content, name)
    if _promised(content, name, len(content)) != len(content):
        raise InputError(f"{name} is {len(content)} bytes long, which is not what its header promises")
    kind, shape = TYPES[content[2]], _shape(content)
    values = np.frombuffer(content, kind, math.prod(shape), 4 + 4 * len(shape)).reshape(shape)
    return np.require(values, kind.newbyteorder("="), ["C", "A", "W"])


def pair(images: NDArray[Any], labels: NDArray[Any], name: str, *, classes: int | None = None) -> Split:
    """Return a `Split` of `images` `(N, H, W)` or `(N, C, H, W)` and `labels` `(N,)`, both uint8 as in IDX files.

    Raises `InputError`, whose text begins with `name`, for other types or shapes, for unequal counts, and for a label
    that is not below `classes`, if that is given.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise InputError(f"{name}: pictures are {images.dtype} of shape {images.shape}: expected uint8 of rank 3 or 4")
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise InputError(f"{name}: labels are {labels.dtype} of shape {labels.shape}: expected uint8 of rank 1")
    if len(images) != len(labels):
        raise InputError(f"{name}: {len(images)} pictures have {len(labels)} labels: each needs exactly one")
    if classes is not None and labels.max() >= classes:
        raise InputError(f"{name}: label {labels.max()} is out of range: expected 0 to {classes - 1}")
    return Split(images if images.ndim == 4 else images[:, None], labels.astype(np.int64))


class _GzipMember:
    """A gzip file of one member, inflated only as far as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(wbits=31)

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes of the content, or fewer at its end.

        Raises `zlib.error` when the file is damaged or cut short, or when bytes follow after its gzip member.
        """
        inflated = b""
        while len(inflated) < count and not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                raise zlib.error("it is cut short")
            inflated += self._inflater.decompress(packed, count - len(inflated))
        if self._inflater.eof and (self._inflater.unused_data or self._file.read(1)):
            raise zlib.error("it goes on after its end")
        return inflated


def _check_magic(content: bytearray, name: Path | str) -> None:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or not 1 <= content[3] <= HIGHEST_RANK:
        raise InputError(
            f"{name} is not an IDX file: it starts with {bytes(content[:4]).hex(' ') or 'nothing'}, "
            f"expected 00 00, a type code from 08 to 0e, and a rank from 01 to 0{HIGHEST_RANK}"
        )


def _promised(content: bytearray, name: Path | str, limit: int) -> int:
    """Return the length in bytes that the header in `content` gives for the whole file.

    It is computed exactly, since the integers of Python do not overflow. Raises `InputError`, which calls the file
    `name`, for a length above `limit`, a size of 0 or an incomplete header.
    """
    if len(content) < 4 + 4 * content[3]:
        raise InputError(f"{name} is cut short: it ends within its header")
    shape = _shape(content)
    promised = 4 + 4 * len(shape) + math.prod(shape) * TYPES[content[2]].itemsize
    if 0 in shape:
        raise InputError(f"{name} holds nothing: its shape is {shape}, and every size must be at least 1")
    if promised > limit:
        raise InputError(f"{name} promises {promised} bytes of shape {shape}: at most {limit} are accepted")
    return promised


def _shape(content: bytearray) -> tuple[int, ...]:
    return struct.unpack_from(f">{content[3]}I", content, 4)
