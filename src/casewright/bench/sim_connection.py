"""One client connection of the simulator: requests in, answers out, bytes written when they are due."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Protocol, cast

from casewright.bench.clock import now_ns
from casewright.bench.faults import Fault
from casewright.bench.sim_frames import End, error_body, response
from casewright.bench.sim_http import MAX_HEAD, Head, Heads, read_chat
from casewright.bench.sim_service import Flow, Service
from casewright.engines.wire import Api

_CHATS = {b"/v1/chat/completions": Api.OPENAI, b"/api/chat": Api.OLLAMA}
_RESET = struct.pack("ii", 1, 0)


class Host(Protocol):
    """The process around a connection, as far as the connection uses it."""

    service: Service
    heads: Heads
    connections: set[Connection]

    def route(self, head: Head, body: bytes) -> bytes:
        """The answer to everything but chat."""


class Connection(asyncio.Protocol):
    """One client connection: requests in, answers out, one at a time and in order."""

    def __init__(self, process: Host, admin: bool) -> None:
        self._process = process
        self._service = process.service
        self._admin = admin
        self._pieces: list[bytes] = []
        self._have = 0
        self._need = 0
        self._served = 0
        self._doomed = False
        self._feeding = False
        self._closing = False
        self._keep_alive = True
        self.flow: Flow | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, whose descriptor is written to directly: see ``write``."""
        # uvloop's transports are no subclass of asyncio.Transport, they only behave like one.
        self._transport = cast(asyncio.Transport, transport)
        self._fd = transport.get_extra_info("socket").fileno()
        service = self._service
        service.book.connections += 1
        if not self._admin:
            self._process.connections.add(self)
            drops = service.plan is not None and service.plan.fault is Fault.KEEPALIVE_DROP
            self._doomed = drops and service.hit()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left, or we closed: an answer under way ends."""
        self._closing = True
        self._process.connections.discard(self)
        flow, self.flow = self.flow, None
        if flow is not None:
            flow.abandon()

    def data_received(self, data: bytes) -> None:
        """Collect until a request is complete; one at a time."""
        t_read = now_ns()
        if self._pieces or self.flow is not None:
            self._pieces.append(data)
            self._have += len(data)
            if self.flow is not None:
                self._check_flood()
                return
            if self._have < self._need:
                return
            data = self._take()
        self._feed(data, t_read)

    def write(self, data: bytes) -> bool:
        """Hand bytes to the kernel now; False when the client has gone.

        uvloop gathers writes until the end of the loop's turn, which would make the truth's times wrong
        by up to a turn; so the descriptor is written directly while the transport has nothing waiting.
        """
        if self._closing:
            return False
        sent = 0
        if self._transport.get_write_buffer_size() == 0:
            try:
                sent = os.write(self._fd, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.reset()
                return False
        if sent < len(data):
            self._transport.write(data[sent:])
        return True

    def finish(self, end: End) -> None:
        """Close, reset or go on to the next request."""
        self._served += 1
        if end is End.RESET:
            self.reset()
        elif end is End.CLOSE or not self._keep_alive or (self._doomed and self._drops_now(on_reuse=False)):
            self.close()
        elif self._pieces and not self._feeding:
            self._feed(self._take(), now_ns())

    def reset(self) -> None:
        """Close at once with a TCP reset; what is waiting to be sent is lost."""
        if self._closing:
            return
        self._closing = True
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def close(self) -> None:
        """Close in order, after what is waiting to be sent."""
        self._closing = True
        self._transport.close()

    def _feed(self, data: bytes, t_read: int) -> None:
        self._feeding = True
        while data and not self._closing:
            if self.flow is not None:
                self._hold(data, 0)
                break
            data = self._one(data, t_read)
        self._feeding = False

    def _one(self, data: bytes, t_read: int) -> bytes:
        """Serve the first request in ``data`` if it is complete; returns what is left to look at."""
        if self._doomed and self._drops_now(on_reuse=True):
            self.close()
            return b""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > MAX_HEAD:
                self._refuse(431)
            else:
                self._hold(data, 0)
            return b""
        head = self._process.heads.parse(data[:end])
        if head.refused is not None or head.length > self._service.config.body_limit:
            self._refuse(head.refused or 413)
            return b""
        total = end + 4 + head.length
        if len(data) < total:
            if head.expects and len(data) == end + 4:
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._hold(data, total)
            return b""
        self._request(head, data[end + 4 : total], t_read)
        return data[total:]

    def _hold(self, data: bytes, need: int) -> None:
        self._pieces = [data]
        self._have = len(data)
        self._need = need

    def _take(self) -> bytes:
        data, self._pieces, self._have, self._need = b"".join(self._pieces), [], 0, 0
        return data

    def _check_flood(self) -> None:
        if self._have > self._service.config.body_limit + MAX_HEAD:
            self._refuse(413)

    def _request(self, head: Head, body: bytes, t_read: int) -> None:
        self._keep_alive = head.keep_alive
        api = _CHATS.get(head.path)
        if api is None:
            self.write(self._process.route(head, body))
            self.finish(End.KEEP)
            return
        service = self._service
        wanted = read_chat(api, body, service.config) if head.method == b"POST" else None
        if wanted is None:
            service.book.rejected += 1
            status = 400 if head.method == b"POST" else 405
            self.write(response(status, error_body(api, status, "send a JSON object by POST")))
            self.finish(End.KEEP)
        elif service.quick:
            service.answer_at_once(self, wanted, t_read)
        else:
            service.answer(self, wanted, t_read)

    def _refuse(self, status: int) -> None:
        """Answer a request that cannot be read; what follows it on the connection is lost, so close."""
        self._service.book.rejected += 1
        body = error_body(Api.OPENAI, status, "the simulator cannot read this request")
        self.write(response(status, body, extra=b"connection: close\r\n"))
        self._pieces = []
        self.close()

    def _drops_now(self, *, on_reuse: bool) -> bool:
        plan = self._service.plan
        if plan is None or plan.fault is not Fault.KEEPALIVE_DROP:
            return False
        if self._served < plan.after_requests or plan.on_reuse is not on_reuse:
            return False
        faulted = self._service.book.faulted
        faulted[plan.fault] = faulted.get(plan.fault, 0) + 1
        return True
