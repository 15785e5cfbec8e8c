"""What a service keeps of a request once it is answered: nothing.

Counted in Python's own blocks of memory and not in resident bytes, which follow the allocator's ways.
"""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from serving import served
from unit.services.kit.service import make

WARM_UP = 100
REQUESTS = 500
# Something kept of each request is a block each at least; what is counted moves by a few dozen by itself.
FEW = REQUESTS // 5
BODY = b'{"text": "ab", "times": 2}'
LIMIT = 2000

Ask = Callable[[], None]


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=30)


def head(url: str, method: str, path: str, length: int = 0) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode()


def in_chunks(url: str, path: str, kind: str, body: bytes) -> bytes:
    """A request whose length is not stated before it is there."""
    lines = (f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Content-Type: {kind}")
    top = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", f"{len(body):x}", ""])
    return top.encode() + body + b"\r\n0\r\n\r\n"


def answered(asking: socket.socket, request: bytes) -> None:
    """Ask, and read the whole answer."""
    asking.sendall(request)
    said = b""
    while b"\r\n\r\n" not in said:
        said += read(asking)
    top, _, body = said.partition(b"\r\n\r\n")
    fields = [line.split(b": ") for line in top.lower().split(b"\r\n")[1:]]
    length = int(next(value for name, value in fields if name == b"content-length"))
    while len(body) < length:
        body += read(asking)


def read(asking: socket.socket) -> bytes:
    piece = asking.recv(65536)
    assert piece, "closed before the answer was whole"
    return piece


@contextmanager
def kept_open(url: str, request: bytes) -> Iterator[Ask]:
    """Every request over the same connection."""
    with closing(connect(url)) as asking:
        yield lambda: answered(asking, request)


@contextmanager
def one_each(url: str, request: bytes) -> Iterator[Ask]:
    """A connection for every request."""

    def ask() -> None:
        with closing(connect(url)) as asking:
            answered(asking, request)

    yield ask


@contextmanager
def cut_off(url: str, _request: bytes) -> Iterator[Ask]:
    """Whoever asks leaves in the middle of the body."""

    def ask() -> None:
        with closing(connect(url)) as asking:
            asking.sendall(head(url, "POST", "/echo", len(BODY)) + BODY[:5])
        with closing(connect(url)) as asking:  # served after the other one: the server has seen it leave
            answered(asking, head(url, "GET", "/live"))

    yield ask


def growth(ask: Ask) -> tuple[int, int]:
    """Blocks kept after the requests, and objects that only the search for cycles could free."""
    for _ in range(WARM_UP):
        ask()
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for _ in range(REQUESTS):
            ask()
        cycles = gc.collect()
        return sys.getallocatedblocks() - before, cycles
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(make(tmp_path_factory.mktemp("data"), max_body_bytes=LIMIT)) as found:
        yield found


@pytest.mark.parametrize(
    ("way", "method", "path", "body"),
    [
        (kept_open, "GET", "/live", b""),
        (one_each, "GET", "/live", b""),
        (one_each, "GET", "/health", b""),
        (one_each, "GET", "/metrics", b""),
        (one_each, "POST", "/echo", BODY),
        (one_each, "POST", "/echo", b'{"text": ""}'),
        (one_each, "POST", "/echo", b'{"text": '),
        (one_each, "POST", "/echo", b'"\xff"'),
        (one_each, "POST", "/echo", bytes(LIMIT + 1)),
        (one_each, "GET", "/nothing-here", b""),
        (cut_off, "POST", "/echo", BODY),
    ],
)
def test_nothing_is_kept_of_a_request(url: str, way: Any, method: str, path: str, body: bytes) -> None:
    with way(url, head(url, method, path, len(body)) + body) as ask:
        blocks, cycles = growth(ask)
    assert blocks < FEW
    assert cycles < FEW


@pytest.mark.parametrize(
    ("path", "kind"), [("/echo", "application/json"), ("/upload", "multipart/form-data; boundary=b")]
)
def test_nothing_is_kept_of_a_body_that_was_refused_while_it_came(url: str, path: str, kind: str) -> None:
    with one_each(url, in_chunks(url, path, kind, bytes(LIMIT + 1))) as ask:
        blocks, cycles = growth(ask)
    assert blocks < FEW
    assert cycles < FEW


def test_a_request_leaves_nothing_in_the_free_lists_either(url: str) -> None:
    """A full collection empties them, and is rare in a process that leaves no cycles."""
    with one_each(url, head(url, "GET", "/live")) as ask:
        ask()
        gc.collect()
        for _ in range(WARM_UP):  # as many as are in use at one time
            ask()
        before = sys.getallocatedblocks()
        for _ in range(REQUESTS):
            ask()
        assert sys.getallocatedblocks() - before < FEW


def test_what_is_kept_of_a_request_is_found(tmp_path: Path) -> None:
    app, kept = make(tmp_path), []

    async def keeping(scope: Scope, receive: Receive, send: Send) -> None:
        kept.append(str(scope.get("client")))
        await app(scope, receive, send)

    with served(keeping) as url, one_each(url, head(url, "GET", "/live")) as ask:
        blocks, _ = growth(ask)
    assert blocks > REQUESTS - FEW
    assert len(kept) > REQUESTS


def test_a_circle_around_a_request_is_found(tmp_path: Path) -> None:
    app = make(tmp_path)

    async def circling(scope: Scope, receive: Receive, send: Send) -> None:
        circle: list[Any] = [scope]
        circle.append(circle)
        await app(scope, receive, send)

    with served(circling) as url, one_each(url, head(url, "GET", "/live")) as ask:
        _, cycles = growth(ask)
    assert cycles > REQUESTS - FEW
