"""Server-sent events: how one is written, and a stream of them that ends when its listener leaves.

::

    id: 1.7                 where it stands, for a listener that comes back
    event: progress
    data: {...}             one line of JSON
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casewright.errors import ServiceBusy
from casewright.services.kit.leaving import while_there

# A comment: says that the stream lives, and means nothing.
ALIVE = b": alive\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def event(name: str, data: str, identity: str | None = None) -> bytes:
    """One event; ``data`` is JSON, which has no line breaks of its own."""
    head = "" if identity is None else f"id: {identity}\n"
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


class Streams:
    """How many streams are open, and how many may be."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.open = 0

    def check(self) -> None:
        """Refuse one more.

        Raises:
            ServiceBusy: as many are open as may be.
        """
        if self.open >= self.bound:
            raise ServiceBusy(
                f"{self.open} streams of events are open, which is the bound",
                hint="ask GET /jobs/{id} instead",
            )


class EventStream(Response):
    """Sends what ``pieces`` yields while somebody listens; the generator is closed in any case."""

    def __init__(self, pieces: AsyncGenerator[bytes], streams: Streams | None = None) -> None:
        super().__init__()
        self._pieces = pieces
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        if self._streams is not None:
            self._streams.open += 1
        try:
            await while_there(self._send(send), receive)
        finally:
            if self._streams is not None:
                self._streams.open -= 1

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
