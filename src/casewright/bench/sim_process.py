"""The simulator's process: routes, listeners, and its end when its parent ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvloop
from pydantic import ValidationError

import casewright
from casewright.bench.clock import PreciseTimer
from casewright.bench.faults import Fault, FaultPlan
from casewright.bench.sim_config import ENGINE_NAME, MAX_TOKENS, SimConfig
from casewright.bench.sim_connection import Connection
from casewright.bench.sim_frames import encode, error_body, response
from casewright.bench.sim_http import Head, Heads
from casewright.bench.sim_service import Service
from casewright.engines.wire import Api

BACKLOG = 4096
_DIGEST = "0" * 64


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
