"""A real HTTP server on a free port that answers with exactly the bytes, and in the pieces, it is told.

No HTTP library: what a client must survive (cut chunks, resets, silence) no well-behaved library sends.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Framing = Literal["chunked", "length", "close"]
Ending = Literal["complete", "cut", "reset", "hang", "last"]


@dataclass(frozen=True)
class Reply:
    """One answer. ``pieces`` are written one by one.

    ``ending``: ``complete`` keeps the connection alive; ``last`` closes it after the whole answer; ``cut``
    closes it before the answer's end; ``reset`` resets it there; ``hang`` is silent until the client leaves.
    ``head`` false sends nothing at all before the ending.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    framing: Framing = "chunked"
    ending: Ending = "complete"
    head: bool = True


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A whole JSON answer."""
    body = json.dumps(value).encode()
    return Reply(status, {"Content-Type": "application/json"} | dict(headers or {}), (body,), "length")


@dataclass(frozen=True)
class Request:
    """What a client sent; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


class ReplayServer:
    """``async with ReplayServer({path: [reply, ...]}) as server``: replies in turn, the last again and again.

    ``requests`` are those received; ``connections`` counts connections; ``client_left`` is set when a client
    closed its connection while an answer was unfinished.
    """

    def __init__(self, routes: Mapping[str, Sequence[Reply]], *, tls: ssl.SSLContext | None = None) -> None:
        self._routes = {path: list(replies) for path, replies in routes.items()}
        self._tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.client_left = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        assert self._server is not None
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            while request := await _read_request(reader, number):
                self.requests.append(request)
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.client_left.set()
        finally:
            self._writers.discard(writer)
            writer.close()

    def _reply_to(self, request: Request) -> Reply:
        replies = self._routes.get(request.path)
        if not replies:
            return json_reply({"error": "no such route"}, 404)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Write one answer; whether the connection goes on."""
        reply = self._reply_to(request)
        for piece in _wire_pieces(reply):
            writer.write(piece)
            await writer.drain()
            # The client's task runs in this loop too: let it read this piece alone where it can.
            await asyncio.sleep(0)
        if reply.ending == "hang":
            await reader.read(1)
            self.client_left.set()
        if reply.ending == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        return reply.ending == "complete" and reply.framing != "close"


def _wire_pieces(reply: Reply) -> list[bytes]:
    if not reply.head:
        return []
    headers = dict(reply.headers)
    if reply.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    elif reply.framing == "length":
        headers["Content-Length"] = str(sum(map(len, reply.pieces)))
    if reply.ending != "complete":
        headers["X-Ending"] = reply.ending
    lines = [f"HTTP/1.1 {reply.status} Reason", *(f"{name}: {value}" for name, value in headers.items())]
    found = ["\r\n".join([*lines, "", ""]).encode()]
    pieces = [piece for piece in reply.pieces if piece]
    if reply.framing == "chunked":
        found += [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
        if reply.ending in ("complete", "last"):
            found.append(b"0\r\n\r\n")
        return found
    if reply.framing == "length" and reply.ending in ("cut", "reset", "hang") and pieces:
        pieces[-1] = pieces[-1][:-1]
    return found + pieces


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body, connection)
