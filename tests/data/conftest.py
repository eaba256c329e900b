"""The fixtures that the data's tests share: a small made-up data set, and a server on this machine for it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from lenet.data.catalogue import TEST, TRAIN, Entry, File
from lenet.data.idx import write_idx


@dataclass
class Server:
    """A server that gives `answers` by path, and else a 404. `requests` are the paths asked for, in order."""

    address: str
    answers: dict[str, bytes] = field(default_factory=dict)
    """whole responses from the status code on, that is without the version before it"""
    requests: list[str] = field(default_factory=list)

    def serve(self, path: str, body: bytes, *, promised: int | None = None) -> None:
        length = len(body) if promised is None else promised
        self.answers[path] = b"200 OK\r\nContent-Length: %d\r\n\r\n" % length + body

    def mirror(self, name: str, contents: dict[str, bytes]) -> str:
        """Return the address of a mirror that serves `contents`, gzipped."""
        for file, content in contents.items():
            self.serve(f"/{name}/{file}.gz", gzip.compress(content))
        return f"{self.address}{name}/"


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.requests.append(self.path)
            self.wfile.write(b"HTTP/1.0 " + known.answers.get(self.path, b"404 Not Found\r\nContent-Length: 0\r\n\r\n"))

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            pass  # a client was killed

    with Quiet(("127.0.0.1", 0), Handler) as listening:
        known = Server(f"http://127.0.0.1:{listening.server_address[1]}/")
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield known
        listening.shutdown()
        thread.join()


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, bytes]:
    """The four decompressed files of a data set: 6 + 3 pictures of 4x4 pixels in three classes."""
    chance = np.random.default_rng(0)
    contents = {}
    for (images, labels), count in ((TRAIN, 6), (TEST, 3)):
        write_idx(tmp_path / "images", chance.integers(0, 256, (count, 4, 4), dtype=np.uint8))
        write_idx(tmp_path / "labels", np.arange(count, dtype=np.uint8) % 3)
        contents[images] = (tmp_path / "images").read_bytes()
        contents[labels] = (tmp_path / "labels").read_bytes()
    (tmp_path / "images").unlink()
    (tmp_path / "labels").unlink()
    return contents


@pytest.fixture
def entry(contents: dict[str, bytes]) -> Entry:
    """The data set of `contents` as an entry of the catalogue, without mirrors."""
    return Entry(
        title="nine squares",
        classes=("a", "b", "c"),
        licence="none",
        citation="none",
        files={file: File(hashlib.sha256(content).hexdigest(), len(content)) for file, content in contents.items()},
        mirrors=(),
    )
