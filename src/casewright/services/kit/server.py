"""Listening and serving until told to stop; shared by the services and the embedded engine's faces."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from casewright.errors import PortTaken

BACKLOG = 2048
KEEP_ALIVE_S = 75
STARTED_CHECK_S = 0.01
# Threads read and cut documents beside the event loop: it gets its turn after this, not after Python's 5 ms.
SWITCH_S = 0.001


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ``port`` 0 takes any free one.

    Raises:
        PortTaken: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="another server may have it: stop that one, or choose another with --port (0: any free one)",
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a listener is found."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which re-raises the signal and would skip our own clean-up.

    An application with answers that have no end of their own (events) is told first that the server
    stops: it calls ``app.state.stopping``, where there is one.
    """

    def __init__(self, config: uvicorn.Config, app: ASGIApp) -> None:
        super().__init__(config)
        self._served = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: those who listen to events are let go, answers under way are given their time."""
        stopping = getattr(getattr(self._served, "state", None), "stopping", None)
        if stopping is not None:
            stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the server."""
        yield


def make_server(app: ASGIApp, grace_s: float, *, own_logs: bool = False) -> Server:
    """A server for an application; ``own_logs`` leaves uvicorn's logging to the process's own set-up."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        log_config=None if own_logs else uvicorn.config.LOGGING_CONFIG,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(grace_s)),
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
    )
    server = Server(config, app)
    config.load()
    return server


def serve(app: ASGIApp, listener: socket.socket, grace_s: float, announce: Callable[[str], None]) -> bool:
    """Serve until SIGINT or SIGTERM; ``announce`` gets the URL once the first request can be taken.

    Returns whether the service started at all (its lifespan may have failed; the log says why).
    """
    server = make_server(app, grace_s, own_logs=True)
    sys.setswitchinterval(SWITCH_S)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, setattr, server, "should_exit", True)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.wait((serving,), timeout=STARTED_CHECK_S)
        if server.started:
            announce(url_of(listener))
        await serving

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())
    return server.started
