"""When a connection takes an answer for complete, without a socket: every split is exactly as drawn."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.connection import Connection, Exchange
from unit.bench.raw_server import CHUNKED_HEAD, GOOD, HEAD, ROLE, STREAM, chunk, token


class Ended:
    """Notes how an exchange ended (a connection's owner)."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def completed(self, connection: Connection, exchange: Exchange, at_ns: int) -> None:
        self.words.append("completed" if connection.reusable else "completed, closing")

    def broken(self, connection: Connection, exchange: Exchange, at_ns: int, kind: str, message: str) -> None:
        self.words.append(kind)

    def lost_before_answer(self, exchange: Exchange, at_ns: int) -> None:
        self.words.append("lost")

    def gone(self, connection: Connection) -> None:
        self.words.append("gone")


class Unconnected(asyncio.Transport):
    """A transport to nowhere with nothing left to write."""

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


def fed(pieces: list[bytes]) -> tuple[Ended, Exchange]:
    """A connection without a socket that receives exactly these pieces."""
    owner = Ended()
    connection = Connection(owner, None)
    connection.connection_made(Unconnected())
    connection.exchange = exchange = Exchange(0, 0, b"")
    for piece in pieces:
        connection.data_received(piece)
    return owner, exchange


FAKE = b": \r\n0\r\n\r\n"
FOOLING = CHUNKED_HEAD + chunk(FAKE + ROLE) + chunk(token("0\r\n\r\n")) + chunk(FAKE) + b"0\r\n\r\n"


@settings(max_examples=200, deadline=None)
@given(
    wire=st.sampled_from([GOOD, FOOLING, HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(STREAM), STREAM)]),
    data=st.data(),
)
def test_complete_exactly_at_the_end_whatever_the_reads(wire: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(1, len(wire) - 1), max_size=12, unique=True))
    pieces = [wire[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(wire)])]
    before, _ = fed([*pieces[:-1], pieces[-1][:-1]] if len(pieces[-1]) > 1 else pieces[:-1])
    assert before.words == []
    owner, exchange = fed(pieces)
    assert owner.words == ["completed"]
    assert b"".join(exchange.pieces) == wire


def test_text_that_looks_like_the_end_does_not_end_it() -> None:
    end = FOOLING.index(FAKE) + len(FAKE)
    owner, exchange = fed([FOOLING[:end]])
    assert exchange.pieces[-1].endswith(b"0\r\n\r\n")
    assert owner.words == []
