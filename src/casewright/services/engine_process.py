"""Run the embedded engine with its faces until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from casewright.engines.llama_server import EmbeddedConfig, EmbeddedServer
from casewright.errors import EngineUnreachable, UsageError
from casewright.services.engine_api import Face, FaceConfig, create_app
from casewright.services.engine_state import AboutEngine, describe

GRACE_S = 5
CHILD_CHECK_S = 0.5
BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Where and how to serve; ``engine`` is the child's shape. ``port`` 0 lets the system choose."""

    engine: EmbeddedConfig
    face: Face = "both"
    host: str = "127.0.0.1"
    port: int = 11434
    api_key: str | None = None
    queue: int = 1024
    max_body_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served once it is: its URL and what answers there."""

    url: str
    about: AboutEngine


def serve(config: ServeConfig, announce: Callable[[Serving], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``announce`` is called once, when the first request can be taken.

    Raises:
        UsageError: the address cannot be listened on, or is beyond loopback without a key.
        InstallError: the engine or its model is missing or does not load.
        EngineUnreachable: the engine did not start in time, or ended while serving.
    """
    refuse_open_host(config.host, config.api_key)
    with (
        contextlib.closing(_listen(config.host, config.port)) as listener,
        EmbeddedServer(config.engine) as engine,
    ):
        about = describe(engine)
        face = FaceConfig(engine.url, about, config.face, config.api_key, config.queue, config.max_body_bytes)
        server = _Server(
            uvicorn.Config(
                create_app(face),
                loop="uvloop",
                http="httptools",
                ws="none",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=75,
                backlog=BACKLOG,
            )
        )
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        server.config.load()
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(
                _run(server, engine, listener, lambda: announce(Serving(f"http://{shown}:{port}", about)))
            )


def refuse_open_host(host: str, api_key: str | None) -> None:
    """Refuse to serve beyond this machine without a key.

    Raises:
        UsageError: ``host`` is not a loopback address and there is no key.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not api_key:
        raise UsageError(
            f"{host} is reachable from other machines and no API key is set",
            hint="name the environment variable that holds one with --api-key-env, or use --host 127.0.0.1",
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="another server may have it: stop that one, or choose another with --port (0: any free one)",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which re-raises the signal and would skip our own clean-up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``_run``."""
        yield


async def _run(
    server: _Server, engine: EmbeddedServer, listener: socket.socket, announce: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, setattr, server, "should_exit", True)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    lost = ""
    announced = False
    while not serving.done():
        await asyncio.wait((serving,), timeout=CHILD_CHECK_S if announced else 0.01)
        if server.started and not announced:
            announced = True
            announce()
        if not engine.running and not server.should_exit:
            lost = engine.log_tail()
            server.should_exit = True
            break
    await serving
    if not engine.running:
        raise EngineUnreachable(
            "the embedded engine ended while serving", hint=f"start it again; its last lines:\n{lost}"
        )
