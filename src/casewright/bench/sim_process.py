"""The simulator's process: connections, routes, listeners, and its end when its parent ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, cast

import uvloop
from pydantic import ValidationError

import casewright
from casewright.bench.clock import PreciseTimer, now_ns
from casewright.bench.faults import Fault, FaultPlan
from casewright.bench.sim_config import ENGINE_NAME, MAX_TOKENS, SimConfig
from casewright.bench.sim_frames import End, encode, error_body, response
from casewright.bench.sim_http import MAX_HEAD, Head, Heads, read_chat
from casewright.bench.sim_service import Flow, Service
from casewright.engines.wire import Api

BACKLOG = 4096
_CHATS = {b"/v1/chat/completions": Api.OPENAI, b"/api/chat": Api.OLLAMA}
_RESET = struct.pack("ii", 1, 0)
_DIGEST = "0" * 64


class Connection(asyncio.Protocol):
    """One client connection: requests in, answers out, one at a time and in order."""

    def __init__(self, process: Process, admin: bool) -> None:
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


class Process:
    """Listeners and routes around one service."""

    def __init__(self, config: SimConfig, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.service = Service(config, PreciseTimer(loop))
        self.heads = Heads()
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._placeholder: socket.socket | None = None
        self._address = ("", 0)
        self._changing: asyncio.Task[None] | None = None
        self._routes: dict[tuple[bytes, bytes], Callable[[bytes], bytes]] = {
            (b"GET", b"/truth"): self._truth,
            (b"POST", b"/truth/reset"): self._reset,
            (b"POST", b"/control"): self._control,
        }
        for path, value in _facts(config).items():
            body = response(200, encode(value))
            method = b"POST" if path == b"/api/show" else b"GET"
            self._routes[method, path] = lambda _, body=body: body  # type: ignore[misc]

    async def listen(self, host: str, port: int, control_port: int) -> dict[str, Any]:
        """Open both listeners; returns the addresses. The control port stays open whatever the fault."""
        control = await self._loop.create_server(
            lambda: Connection(self, admin=True), host, control_port, backlog=64
        )
        self._server = await self._loop.create_server(
            lambda: Connection(self, admin=False), host, port, backlog=BACKLOG
        )
        self._address = self._server.sockets[0].getsockname()[:2]
        self._apply(self.service.config.fault)
        shown = f"[{host}]" if ":" in host else host
        return {
            "engine": ENGINE_NAME,
            "url": f"http://{shown}:{self._address[1]}",
            "control_url": f"http://{shown}:{control.sockets[0].getsockname()[1]}",
            "pid": os.getpid(),
        }

    def route(self, head: Head, body: bytes) -> bytes:
        """The answer to everything but chat."""
        handler = self._routes.get((head.method, head.path))
        if handler is not None:
            return handler(body)
        api = Api.OLLAMA if head.path.startswith(b"/api/") else Api.OPENAI
        known = any(path == head.path for _, path in self._routes)
        status = 405 if known else 404
        return response(status, error_body(api, status, f"no {head.path.decode('latin-1')} here"))

    def _truth(self, body: bytes) -> bytes:
        return response(200, self.service.truth().model_dump_json().encode())

    def _reset(self, body: bytes) -> bytes:
        self.service.book.reset()
        return response(200, b"{}")

    def _control(self, body: bytes) -> bytes:
        try:
            values = json.loads(body)
            cleared = isinstance(values, dict) and values.get("fault", "") is None
            plan = None if cleared else FaultPlan.model_validate(values)
        except (ValidationError, ValueError) as error:
            return response(400, error_body(Api.OPENAI, 400, str(error)))
        self._apply(plan)
        return response(200, encode({"fault": plan.model_dump(mode="json") if plan else None}))

    def _apply(self, plan: FaultPlan | None) -> None:
        """Switch the fault; the listener closes before the answer to this very request is written."""
        self.service.set_plan(plan)
        if plan is not None and plan.fault is Fault.REFUSE:
            self._close_listener()
        elif self._placeholder is not None:
            self._open_listener()

    def _close_listener(self) -> None:
        if self._placeholder is not None or self._server is None:
            return
        self._server.close()
        # Bound but not listening: connections are refused, and nobody else can take the port meanwhile.
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._placeholder = socket.socket(family)
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind(self._address)
        for connection in tuple(self.connections):
            self._loop.call_soon(connection.reset)

    def _open_listener(self) -> None:
        assert self._placeholder is not None
        waiting, self._placeholder = self._placeholder, None
        waiting.listen(BACKLOG)  # at once, so that whoever asked can connect when the answer arrives

        async def reopen() -> None:
            self._server = await self._loop.create_server(
                lambda: Connection(self, admin=False), sock=waiting, backlog=BACKLOG
            )

        self._changing = self._loop.create_task(reopen())


def _facts(config: SimConfig) -> dict[bytes, object]:
    """The identity routes of both APIs, under the simulator's own name."""
    version = {"version": casewright.__version__, "engine": ENGINE_NAME}
    details = {"format": "none", "family": "simulator", "parameter_size": "0", "quantization_level": "none"}
    listed = {
        "name": config.model,
        "model": config.model,
        "modified_at": "1970-01-01T00:00:00Z",
        "size": 0,
        "digest": _DIGEST,
        "details": details,
    }
    model = {
        "id": config.model,
        "object": "model",
        "created": 0,
        "owned_by": "casewright",
        "max_model_len": MAX_TOKENS,
    }
    return {
        b"/": {"engine": ENGINE_NAME},
        b"/health": {"status": "ok", "engine": ENGINE_NAME},
        b"/version": version,
        b"/api/version": version,
        b"/v1/models": {"object": "list", "data": [model]},
        b"/api/tags": {"models": [listed]},
        b"/api/ps": {"models": [listed]},
        b"/api/show": {"details": details, "model_info": {}, "capabilities": ["completion"]},
    }


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _main(config: SimConfig, host: str, port: int, control_port: int, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    process = Process(config, loop)
    address = await process.listen(host, port, control_port)
    over = asyncio.Event()
    if with_parent:
        _watch_parent(loop, over)
    sys.stdout.write(json.dumps(address) + "\n")
    sys.stdout.flush()
    # Nothing that exists now will become garbage, and the collector's pauses would be lateness.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)
    await over.wait()


def _watch_parent(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    """End when the parent does: its end of our standard input closes, or we get another parent.

    The second covers a pipe that the parent's other children have inherited.
    """
    parent = os.getppid()

    def read() -> None:
        if os.read(0, 4096) == b"":
            loop.remove_reader(0)
            over.set()

    def look() -> None:
        if os.getppid() != parent:
            over.set()
        else:
            loop.call_later(1.0, look)

    os.set_blocking(0, False)
    loop.add_reader(0, read)
    look()


def run(
    config: SimConfig, host: str = "127.0.0.1", port: int = 0, *, control_port: int = 0, with_parent: bool
) -> None:
    """Serve until interrupted, or until the parent ends when ``with_parent``; prints the address as JSON."""
    _raise_file_limit()
    uvloop.run(_main(config, host, port, control_port, with_parent))
