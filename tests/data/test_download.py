"""A download keeps its limits in time and size, shows its progress, and never goes from https to less.

pytest tests/data/test_download.py
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pooch
import pytest
import requests

from lenet.data.catalogue import TEST, Entry
from lenet.data.download import CHUNK, TIMEOUTS, download, refuse_downgrade
from lenet.errors import InputError

if TYPE_CHECKING:
    from tests.data.conftest import Server

FILE = TEST[1]


class Bar:
    """A progress bar that records what it is told."""

    def __init__(self, url: str) -> None:
        self.url, self.total, self.done, self.closed = url, 0, 0, False

    def update(self, count: int, /) -> None:
        self.done += count

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_decompressed_content_is_saved(
    tmp_path: Path, server: Server, entry: Entry, contents: dict[str, bytes], packed: bool
) -> None:
    server.serve("/it", gzip.compress(contents[FILE]) if packed else contents[FILE])
    download(f"{server.address}it", tmp_path / FILE, entry.files[FILE], None)
    assert (tmp_path / FILE).read_bytes() == contents[FILE]
    assert len(list(tmp_path.iterdir())) == 1


def test_progress_ends_at_the_whole(tmp_path: Path, server: Server, entry: Entry, contents: dict[str, bytes]) -> None:
    server.serve("/it", gzip.compress(contents[FILE]))
    bars: list[Bar] = []

    def show(url: str) -> Bar:
        bars.append(Bar(url))
        return bars[-1]

    download(f"{server.address}it", tmp_path / FILE, entry.files[FILE], show)
    (bar,) = bars
    assert bar.url == f"{server.address}it"
    assert bar.done == bar.total == len(gzip.compress(contents[FILE]))
    assert bar.closed


def test_the_bar_of_a_failure_is_closed(tmp_path: Path, server: Server, entry: Entry) -> None:
    bar = Bar("")
    with pytest.raises(requests.HTTPError):
        download(f"{server.address}absent", tmp_path / FILE, entry.files[FILE], lambda _: bar)
    assert bar.closed


def test_more_than_the_file_can_be_is_not_received(tmp_path: Path, server: Server, entry: Entry) -> None:
    server.serve("/it", bytes(4 * CHUNK), promised=1 << 40)
    with pytest.raises(InputError, match=r"more than .* bytes arrive"):
        download(f"{server.address}it", tmp_path / FILE, entry.files[FILE], None)
    assert not any(tmp_path.iterdir())


def test_every_request_has_its_limits(tmp_path: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def get(url: str, **options: Any) -> None:
        asked.update(options)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(requests.ConnectTimeout):
        download("https://mirror.example/it", tmp_path / FILE, entry.files[FILE], None)
    assert asked["timeout"] == TIMEOUTS == (10, 30)
    assert asked["stream"] is True
    assert asked["hooks"]["response"]


def response(url: str, location: str | None) -> requests.Response:
    response = requests.Response()
    response.url = url
    response.status_code = 200 if location is None else 302
    if location is not None:
        response.headers["Location"] = location
    return response


@pytest.mark.parametrize("location", ["http://mirror.example/b", "HTTP://other.example/", "ftp://mirror.example/b"])
def test_https_never_goes_on_as_less(location: str) -> None:
    with pytest.raises(InputError, match="which is not https"):
        refuse_downgrade(response("https://mirror.example/a", location))


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://mirror.example/a", None),
        ("https://mirror.example/a", "/b"),
        ("https://mirror.example/a", "//other.example/b"),
        ("https://mirror.example/a", "https://other.example/b"),
        ("http://127.0.0.1/a", "http://127.0.0.1/b"),
    ],
)
def test_other_answers_are_let_through(url: str, location: str | None) -> None:
    refuse_downgrade(response(url, location))


def test_a_redirect_is_seen_before_it_is_followed(
    tmp_path: Path, server: Server, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer claims to come by https, and the address that it redirects to must never be asked."""
    server.answers["/a"] = b"302 Found\r\nLocation: " + server.address.encode() + b"b\r\nContent-Length: 0\r\n\r\n"
    send = requests.adapters.HTTPAdapter.build_response

    def by_https(self: Any, request: Any, answer: Any) -> requests.Response:
        response = send(self, request, answer)
        response.url = response.url.replace("http:", "https:")
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "build_response", by_https)
    with pytest.raises(InputError, match="which is not https"):
        download(f"{server.address}a", tmp_path / FILE, entry.files[FILE], None)
    assert server.requests == ["/a"]


def test_nothing_is_logged_below_a_warning(
    tmp_path: Path, server: Server, entry: Entry, contents: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    server.serve("/it", contents[FILE])
    download(f"{server.address}it", tmp_path / FILE, entry.files[FILE], None)
    assert pooch.get_logger().level >= 30
    assert capfd.readouterr() == ("", "")
