"""Run the embedded engine with its faces until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from casewright.engines.llama_server import EmbeddedConfig, EmbeddedServer
from casewright.errors import EngineUnreachable, UsageError
from casewright.services.engine_api import Face, FaceConfig, create_app
from casewright.services.engine_state import AboutEngine, describe
from casewright.services.kit.config import AuthMode
from casewright.services.kit.guard import is_loopback
from casewright.services.kit.server import Server, listen, make_server, url_of

GRACE_S = 5
CHILD_CHECK_S = 0.5


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Where and how to serve; ``engine`` is the child's shape. ``port`` 0 lets the system choose.

    ``auth`` ``none`` lets it serve beyond loopback without a key: something in front decides who may ask.
    """

    engine: EmbeddedConfig
    face: Face = "both"
    host: str = "127.0.0.1"
    port: int = 11434
    api_key: str | None = None
    auth: AuthMode = "auto"
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
        UsageError: the address is beyond loopback and there is no key.
        PortTaken: the address cannot be listened on.
        InstallError: the engine or its model is missing or does not load.
        EngineUnreachable: the engine did not start in time, or ended while serving.
    """
    refuse_open_host(config.host, config.api_key, config.auth)
    with (
        contextlib.closing(listen(config.host, config.port)) as listener,
        EmbeddedServer(config.engine) as engine,
    ):
        about = describe(engine)
        face = FaceConfig(engine.url, about, config.face, config.api_key, config.queue, config.max_body_bytes)
        server = make_server(create_app(face), GRACE_S)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_run(server, engine, listener, lambda: announce(Serving(url_of(listener), about))))


def refuse_open_host(host: str, api_key: str | None, auth: AuthMode = "auto") -> None:
    """Refuse to serve beyond this machine without a key, unless that was chosen on purpose.

    Raises:
        UsageError: ``host`` is not a loopback address, there is no key, and ``auth`` is not ``none``.
    """
    if not is_loopback(host) and not api_key and auth != "none":
        raise UsageError(
            f"{host} is reachable from other machines and no API key is set",
            hint="name the environment variable that holds one with --api-key-env, use --host 127.0.0.1, or "
            "set CASEWRIGHT_AUTH=none where something in front decides who may ask",
        )


async def _run(
    server: Server, engine: EmbeddedServer, listener: socket.socket, announce: Callable[[], None]
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
