"""Real servers for tests: an ASGI application on a free port, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from starlette.types import ASGIApp

from casewright.services.kit.server import listen, make_server, url_of


@contextmanager
def served(app: ASGIApp, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve ``app`` as the product does (uvloop, httptools, our shutdown); yields its URL."""
    ready = threading.Event()
    with closing(listen(host, 0)) as listener:
        server = make_server(app, 2.0, own_logs=True)

        async def run() -> None:
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            while not server.started and not serving.done():
                await asyncio.wait((serving,), timeout=0.01)
            ready.set()
            await serving

        def main() -> None:
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(run())

        thread = threading.Thread(target=main, daemon=True)
        thread.start()
        try:
            assert ready.wait(20), "the server did not start"
            assert server.started, "the server ended while it started"
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"
