"""Framing of HTTP/1.1 responses, whatever pieces they come in; requests nothing gets injected into."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.http1 import Framing, FramingError, ResponseParser
from casewright.bench.request import RequestTemplate, parse_url
from casewright.errors import UsageError

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def run(data: bytes, cuts: list[int], *, keep: bool = True) -> tuple[ResponseParser, bytes]:
    """Feed ``data`` split at ``cuts``."""
    parser = ResponseParser()
    body: list[bytes] = []
    edges = [0, *sorted(cuts), len(data)]
    for begin, end in pairwise(edges):
        body += parser.feed(data[begin:end], keep=keep)
    return parser, b"".join(body)


def chunked(pieces: list[bytes], extension: bytes = b"", trailer: bytes = b"") -> bytes:
    parts = [b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces]
    return CHUNKED + b"".join(parts) + b"0" + extension + b"\r\n" + trailer + b"\r\n"


# Payloads that look like framing: what must not fool the parser.
nasty = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=40),
        st.sampled_from([b"0\r\n\r\n", b"\r\n", b"\r\n0\r\n\r\n", b"5\r\nhello\r\n", b"\r", b"\n", b"0"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(nasty, st.data(), st.sampled_from([b"", b";a=b", b' ; x="0"']), st.sampled_from([b"", b"T: 0\r\n"]))
def test_chunked_any_split(
    pieces: list[bytes], data: st.DataObject, extension: bytes, trailer: bytes
) -> None:
    wire = chunked(pieces, extension, trailer)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=6))
    parser, body = run(wire, cuts)
    assert body == b"".join(pieces)
    assert parser.done
    assert parser.reusable
    assert run(wire, cuts, keep=False)[0].done


@settings(max_examples=60, deadline=None)
@given(nasty)
def test_every_single_split_and_every_prefix(pieces: list[bytes]) -> None:
    wire = chunked(pieces)
    for cut in range(len(wire)):
        parser, body = run(wire, [cut])
        assert (parser.done, body) == (True, b"".join(pieces))
        before = ResponseParser()
        before.feed(wire[:cut])
        assert not before.done
        assert not before.eof()
    assert run(wire, list(range(len(wire))))[1] == b"".join(pieces)


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_interim_heads_are_skipped(cut: int) -> None:
    wire = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + chunked([b"hello"])
    parser, body = run(wire, [cut])
    assert parser.head is not None
    assert (parser.head.status, body, parser.done) == (200, b"hello", True)


def test_content_length() -> None:
    wire = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"
    for cut in range(len(wire)):
        parser, body = run(wire, [cut])
        assert (parser.done, parser.reusable, body) == (True, True, b"hello")
    parser, _ = run(wire + b"!", [])
    assert (parser.done, parser.excess, parser.reusable) == (True, True, False)


def test_length_zero_and_no_content() -> None:
    for head in (b"200 OK\r\nContent-Length: 0", b"204 No Content", b"304 Not Modified\r\nContent-Length: 9"):
        parser, body = run(b"HTTP/1.1 " + head + b"\r\n\r\n", [])
        assert (parser.done, body) == (True, b"")


def test_until_close() -> None:
    parser, body = run(b"HTTP/1.1 200 OK\r\n\r\nall of it", [25])
    assert (parser.done, parser.reusable, body) == (False, False, b"all of it")
    assert parser.eof()
    assert not parser.reusable


@pytest.mark.parametrize(
    ("head", "alive"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0, 0", True),
    ],
)
def test_keep_alive(head: bytes, alive: bool) -> None:
    parser, _ = run(head + b"\r\n\r\n", [])
    assert (parser.done, parser.reusable) == (True, alive)


def test_chunked_beside_a_length_is_read_and_not_reused() -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    parser, body = run(wire, [])
    assert (parser.done, parser.reusable, body) == (True, False, b"hello")


def test_folded_headers_and_lookup() -> None:
    parser, _ = run(b"HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: 0\r\n\r\n", [])
    assert parser.head is not None
    assert parser.head.get("x-long") == "a b"
    assert parser.head.get("missing") is None
    assert parser.head.framing is Framing.LENGTH


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        CHUNKED + b"0x5\r\nhello\r\n",
        CHUNKED + b"+5\r\nhello\r\n",
        CHUNKED + b"5_0\r\n",
        CHUNKED + b"5\r\nhelloworld",
        CHUNKED + b"5\r\nhello\rX",
        CHUNKED + b"\r\n",
        CHUNKED + b"9" * 5000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_what_is_no_http(wire: bytes) -> None:
    with pytest.raises(FramingError):
        run(wire, [])
    with pytest.raises(FramingError):
        run(wire, list(range(0, len(wire), 97)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_an_error_or_unfinished_never_anything_else(data: bytes) -> None:
    for prefix in (b"", CHUNKED, b"HTTP/1.1 200 OK\r\n"):
        try:
            run(prefix + data, [len(prefix)])
        except FramingError as error:
            assert str(error)


def test_request_bytes() -> None:
    template = RequestTemplate(parse_url("http://127.0.0.1:8000"), "/v1/chat/completions", "secret")
    head, _, body = template.render(b'{"a":1}').partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/chat/completions HTTP/1.1"
    assert {b"Host: 127.0.0.1:8000", b"Authorization: Bearer secret", b"Content-Length: 7"} <= set(lines)
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/x\r\nEvil: 1", None),
        ("/x y", None),
        ("x", None),
        ("/x", "k\r\nEvil: 1"),
        ("/x", "k\x00"),
        ("/x", "clé"),
        ("/x\n", None),
    ],
)
def test_no_header_can_be_injected(path: str, key: str | None) -> None:
    with pytest.raises(UsageError):
        RequestTemplate(parse_url("http://127.0.0.1:1"), path, key)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_accepted_key_stays_in_its_line(key: str) -> None:
    try:
        template = RequestTemplate(parse_url("http://h"), "/p", key)
    except UsageError:
        return
    wire = template.render(b"")
    assert wire.count(b"\r\n") == (9 if key else 8)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:81", (False, "h", 81, "h:81")),
        ("https://h", (True, "h", 443, "h")),
        ("http://[::1]:9/", (False, "::1", 9, "[::1]:9")),
    ],
)
def test_urls(url: str, expected: tuple[bool, str, int, str]) -> None:
    endpoint = parse_url(url)
    assert (endpoint.tls, endpoint.host, endpoint.port, endpoint.authority) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:81",
        "ftp://h",
        "http://",
        "http://h:99999",
        "http://u:p@h",
        "http://h/p",
        "http://h?q",
        "http://h h",
    ],
)
def test_bad_urls_are_usage_errors(url: str) -> None:
    with pytest.raises(UsageError):
        parse_url(url)
