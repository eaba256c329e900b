"""Download one file, with limits on time and size; a redirect away from https is refused."""

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
    """A bar to which a download reports its bytes; `close` may be called twice."""

    total: int

    def update(self, count: int, /) -> object: ...
    def reset(self) -> object: ...
    def close(self) -> object: ...


Progress = Callable[[str], ProgressBar]  # makes the bar that shows the download of the file at an address


def download(url: str, path: Path, expected: File, progress: Progress | None) -> None:
    """Write the decompressed content of `url` to `path`, and show the `progress`.

    Raises an error when the download fails, and a `ValueError` for any content that is not the `expected` one.
    """
    import pooch

    def save(url: str, output: str, _: object) -> None:
        Path(output).write_bytes(_receive(url, expected.size, progress))

    pooch.get_logger().setLevel("WARNING")
    pooch.retrieve(url, f"sha256:{expected.sha256}", fname=path.name, path=path.parent, downloader=save)


def _receive(url: str, size: int, progress: Progress | None) -> bytearray:
    """Return the decompressed content of `url`. Raises `InputError` for more than `size` bytes."""
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
    """Raise an `InputError` when a `requests` `response` redirects from https to anything less."""
    target = urljoin(response.url, response.headers.get("location", ""))
    if response.is_redirect and response.url.startswith("https:") and not target.startswith("https:"):
        raise InputError(f"{response.url} redirects to {target}, which is not https")


class _Capped(BytesIO):
    """A buffer in memory that refuses to hold more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, chunk: Any, /) -> int:
        if self.tell() + len(chunk) > self._limit:
            raise InputError(f"more than {self._limit} bytes arrive")
        return super().write(chunk)
