"""Download one file, with limits on its size, on the time to connect and on the wait for the next byte.

A redirect away from https is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

from lenet.data.catalogue import File
from lenet.data.idx import unpack
from lenet.errors import InputError

TIMEOUTS = (10, 30)  # seconds to connect, and seconds to wait for the next byte
CHUNK = 1 << 16  # bytes received at a time
CONTAINER = 1 << 12  # bytes by which gzip may lengthen a small file


class ProgressBar(Protocol):
    """A bar for the bytes of a download, `total` in all (0 if unknown). It must accept a second call of `close`."""

    total: int

    def update(self, count: int, /) -> object: ...
    def reset(self) -> object: ...
    def close(self) -> object: ...


Progress = Callable[[str], ProgressBar]  # makes the bar that shows the download of the file at an address


def download(url: str, path: Path, expected: File, progress: Progress | None) -> None:
    """Write the decompressed content of the IDX file at `url` to `path`; `progress`, if given, makes a bar for it.

    Raises `OSError` when the download fails (the errors of the library requests are of this class) or the file cannot
    be written, `InputError` as `_receive` does, and `ValueError` for content with another SHA-256 than the `expected`
    one.
    """
    import pooch

    def save(url: str, output: str, _: object) -> None:
        Path(output).write_bytes(_receive(url, expected.size, progress))

    pooch.get_logger().setLevel("WARNING")
    pooch.retrieve(url, f"sha256:{expected.sha256}", fname=path.name, path=path.parent, downloader=save)


def _receive(url: str, size: int, progress: Progress | None) -> bytearray:
    """Return the decompressed content of the IDX file at `url`; `progress`, if given, makes a bar for it.

    Raises `InputError` for more than `size` bytes decompressed, for anything but an IDX file, and for a redirect away
    from https; and `OSError` when the download fails.
    """
    import pooch

    received = _Capped(size + CONTAINER)
    with ExitStack() as stack:

        def guard(response: Any, **_: object) -> None:
            stack.callback(response.close)
            refuse_downgrade(response)

        bar = progress(url) if progress else None
        if bar is not None:
            stack.callback(bar.close)
        retrieve = pooch.HTTPDownloader(
            progressbar=bar or False,
            chunk_size=CHUNK,
            timeout=TIMEOUTS,
            headers={"Accept-Encoding": "identity"},
            hooks={"response": guard},
        )
        retrieve(url, received, None)
    return unpack(received, url, limit=size)


def refuse_downgrade(response: Any) -> None:
    """Raise an `InputError` if `response`, from the library requests, redirects from https to another scheme."""
    target = urljoin(response.url, response.headers.get("location", ""))
    if response.is_redirect and response.url.startswith("https:") and not target.startswith("https:"):
        raise InputError(f"{response.url} redirects to {target}, which is not https")


class _Capped(BytesIO):
    """A buffer in memory that raises `InputError` at a write beyond `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, chunk: Any, /) -> int:
        if self.tell() + len(chunk) > self._limit:
            raise InputError(f"more than {self._limit} bytes arrive")
        return super().write(chunk)
