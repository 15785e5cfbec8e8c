"""One HTTP/1.1 connection of the load generator: the hot path.

``data_received`` takes the time first and stores; whether the answer is complete is guessed cheaply (the
last four bytes, or a count) and then checked by the real parser over the stored bytes. Requests are written
to the socket directly: uvloop gathers ``transport.write`` calls until the whole batch of ready sockets has
been served, which at 64 users would put milliseconds between ``t_send`` and the sending.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from array import array
from typing import Final, Protocol, cast

from casewright.bench.clock import now_ns
from casewright.bench.http1 import Framing, FramingError, ResponseParser, peek_framing

MAX_RESPONSE = 64 * 1024 * 1024

# Pieces are parsed on the way, not all at the end: users who finish together would otherwise hold each other
# up by a whole answer's parsing. The usual read, one whole chunk, is checked as it comes; others in groups.
_PARSE_EVERY: Final = 8

_HEAD: Final = 0
_CHUNKED: Final = 1
_LENGTH: Final = 2
_CLOSE: Final = 3


class Exchange:
    """One request and what came back; ``parsed`` counts the pieces the parser has seen."""

    __slots__ = (
        "index",
        "left",
        "mode",
        "parsed",
        "parser",
        "pieces",
        "received",
        "reconnects",
        "t_connected",
        "t_sched",
        "t_send",
        "times",
        "token_seen",
        "wire",
    )

    def __init__(self, index: int, t_sched: int, wire: bytes) -> None:
        self.index = index
        self.wire = wire
        self.t_sched = t_sched
        self.t_send = 0
        self.t_connected: int | None = None
        self.reconnects = 0
        self.pieces: list[bytes] = []
        self.times = array("q")
        self.received = 0
        self.parsed = 0
        self.parser = ResponseParser()
        self.mode = _HEAD
        self.left = 0
        self.token_seen = False

    @property
    def status(self) -> int | None:
        """The HTTP status, None when no head has come."""
        return self.parser.head.status if self.parser.head is not None else None

    @property
    def body_seen(self) -> bool:
        """Whether bytes beyond the head have come (a piece not yet parsed may be taken for some)."""
        return self.parser.body_seen or (self.mode != _HEAD and len(self.pieces) > self.parsed)


class Owner(Protocol):
    """Who is told how exchanges end."""

    def completed(self, connection: Connection, exchange: Exchange, at_ns: int) -> None:
        """The answer is complete; ``connection.reusable`` says whether it may carry another."""
        ...

    def broken(
        self,
        connection: Connection,
        exchange: Exchange,
        at_ns: int,
        kind: str,
        message: str,
    ) -> None:
        """The exchange ended without a complete answer; the connection is gone or going."""
        ...

    def lost_before_answer(self, exchange: Exchange, at_ns: int) -> None:
        """A reused connection closed before any byte of the answer."""
        ...

    def gone(self, connection: Connection) -> None:
        """The connection is closed."""
        ...


class Connection(asyncio.Protocol):
    """One connection, at most one exchange at a time."""

    __slots__ = ("_fd", "_owner", "_transport", "_waited", "connected_ns", "eof_at", "exchange", "reusable")

    def __init__(self, owner: Owner, fd: int | None) -> None:
        """``fd`` is the socket's descriptor for direct writes; None (TLS) writes through the transport."""
        self._owner = owner
        self._fd = fd
        self._transport: asyncio.Transport | None = None
        self._waited = False
        self.connected_ns = 0
        self.exchange: Exchange | None = None
        self.reusable = True
        self.eof_at = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self.connected_ns = now_ns()

    def rest(self) -> None:
        """From now on the server may have closed it for idleness when the next request goes out."""
        self._waited = True

    def send(self, exchange: Exchange) -> None:
        """Write the request; ``t_send`` is taken just before, and kept when it is sent a second time."""
        self.exchange = exchange
        transport = self._transport
        if self.connected_ns:
            exchange.t_connected, self.connected_ns = self.connected_ns, 0
        if transport is None or transport.is_closing():
            self._resolve(exchange, now_ns(), "the connection closed before the request was sent")
            return
        wire = exchange.wire
        if not exchange.t_send:
            exchange.t_send = now_ns()
        if self._fd is None:
            transport.write(wire)
            return
        try:
            sent = os.write(self._fd, wire)
        except BlockingIOError:
            sent = 0
        except OSError:
            # Reset by the peer: the transport may not notice, so it is told; connection_lost follows.
            transport.abort()
            return
        if sent < len(wire):
            transport.write(wire[sent:])

    def data_received(self, data: bytes) -> None:
        """Store bytes and their time; look closer only when the answer may be complete."""
        now = now_ns()
        exchange = self.exchange
        if exchange is None:
            # Bytes nobody asked for: whatever they are, the next answer could not be trusted.
            self.close()
            return
        exchange.pieces.append(data)
        exchange.times.append(now)
        exchange.received += len(data)
        mode = exchange.mode
        if mode == _HEAD and len(exchange.pieces) == 1 and peek_framing(data) is Framing.CHUNKED:
            exchange.mode = mode = _CHUNKED
        if mode == _CHUNKED:
            if data[-4:] != b"\r\n\r\n" and len(data) > 3 and exchange.received < MAX_RESPONSE:
                waiting = len(exchange.pieces) - exchange.parsed
                if waiting == 1 and exchange.parser.whole_chunk(data):
                    exchange.parsed += 1
                    return
                if waiting < _PARSE_EVERY:
                    return
        elif mode == _LENGTH:
            exchange.left -= len(data)
            if exchange.left > 0 and exchange.received < MAX_RESPONSE:
                return
        self._look(exchange, now)

    def eof_received(self) -> bool:
        """Note the time; the transport closes itself and ``connection_lost`` decides."""
        self.eof_at = now_ns()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection: of a close-delimited answer too."""
        exchange = self.exchange
        self.reusable = False
        self._transport = None
        at = self.eof_at or now_ns()
        if exchange is not None:
            reason = f"{type(exc).__name__}: {exc}" if exc is not None else "the server closed the connection"
            self._resolve(exchange, at, reason)
        self._owner.gone(self)

    def close(self) -> None:
        """Close without an exchange in flight."""
        self.reusable = False
        if self._transport is not None:
            self._transport.close()

    def abandon(self) -> Exchange | None:
        """Take the exchange in flight away (deadline, end of the run) and reset the connection."""
        exchange, self.exchange = self.exchange, None
        self.reusable = False
        if exchange is not None and exchange.parsed < len(exchange.pieces):
            with contextlib.suppress(FramingError):  # its record says how it ended; decoding says the rest
                self._parse(exchange)
        if self._transport is not None:
            self._transport.abort()
        return exchange

    def _resolve(self, exchange: Exchange, at: int, reason: str) -> None:
        """The peer closed while an exchange was open: complete, lost before any answer, or broken."""
        self.exchange = None
        self.reusable = False
        try:
            self._parse(exchange)
            complete = exchange.parser.eof()
        except FramingError as error:
            self._owner.broken(self, exchange, at, "malformed", str(error))
            return
        if complete:
            self._owner.completed(self, exchange, at)
        elif not exchange.pieces and self._waited and not exchange.reconnects:
            self._owner.lost_before_answer(exchange, at)
        else:
            self._owner.broken(self, exchange, at, "connection_lost", reason)

    def _look(self, exchange: Exchange, now: int) -> None:
        """Run the parser over what is new, and finish the exchange if it says so."""
        try:
            self._parse(exchange)
            if exchange.received >= MAX_RESPONSE:
                raise FramingError(f"the answer is longer than {MAX_RESPONSE} bytes")
        except FramingError as error:
            self.abandon()
            self._owner.broken(self, exchange, now, "malformed", str(error))
            return
        if not exchange.parser.done:
            return
        self.exchange = None
        self._waited = True
        transport = self._transport
        if (
            not exchange.parser.reusable
            or transport is None
            or transport.is_closing()
            or transport.get_write_buffer_size()
        ):
            self.close()
        self._owner.completed(self, exchange, now)

    def _parse(self, exchange: Exchange) -> None:
        parser = exchange.parser
        fresh = exchange.pieces[exchange.parsed :] if exchange.parsed else exchange.pieces
        exchange.parsed = len(exchange.pieces)
        parser.feed(fresh[0] if len(fresh) == 1 else b"".join(fresh), keep=False)
        if parser.head is not None:
            framing = parser.head.framing
            exchange.mode = (
                _CHUNKED if framing is Framing.CHUNKED else _LENGTH if framing is Framing.LENGTH else _CLOSE
            )
            exchange.left = parser.remaining
