"""What both faces of the embedded engine share: limits, errors in the asker's shape, and the way upstream.

A face adds no queue of its own and no retries: it admits a request or says 503, relays, and lets go of the
engine as soon as the asker has gone.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casewright.services.kit.leaving import while_there

Model = TypeVar("Model", bound=BaseModel)
Headers = list[tuple[bytes, bytes]]

UPSTREAM_CONNECT_S = 5.0
UPSTREAM_SILENCE_S = 900.0
DRAINED_BYTES = 256 * 1024 * 1024


class FaceError(Exception):
    """An answer that is an error: rendered in the shape of the API that was asked (see ``error_body``)."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})


def error_body(path: str, status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """The error in the shape of the API under ``path``: Ollama's ``{"error": text}`` or OpenAI's object."""
    if path.startswith("/api/"):
        return {"error": message}
    kinds = {401: "authentication_error", 404: "not_found_error", 503: "overloaded_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def error_response(path: str, error: FaceError) -> Response:
    """The whole HTTP answer for an error."""
    body = json.dumps(error_body(path, error.status, error.message, error.code), ensure_ascii=False)
    # surrogates from a client's broken escapes must not break our own answer
    content = body.encode("utf-8", "replace")
    return Response(content, error.status, error.headers, media_type="application/json")


@dataclass
class Gate:
    """Counts the requests that are admitted; beyond ``limit`` it says 503 with Retry-After."""

    limit: int
    inside: int = field(default=0, init=False)

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            FaceError: 503, every place is taken.
        """
        if self.inside >= self.limit:
            raise FaceError(
                503,
                f"{self.inside} requests are waiting or served, which is this server's bound",
                code="overloaded",
                headers={"Retry-After": "1"},
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body, of at most ``limit`` bytes.

    Raises:
        FaceError: 413, it is larger. What is beyond the limit is read and dropped, up to a bound: an asker
            who is still sending when the connection closes would see a reset instead of the answer.
    """
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
        if size > limit + DRAINED_BYTES:
            break
    if size > limit:
        raise FaceError(413, f"the request body is larger than {limit} bytes", code="body_too_large")
    return b"".join(pieces)


def parse_body(model: type[Model], body: bytes) -> Model:
    """Read a body as JSON of the given shape, whatever its content type says (as Ollama and llama.cpp do).

    Raises:
        FaceError: 400, naming the first field that does not fit.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {first['msg']}" if where else f"invalid JSON: {first['msg']}"
        raise FaceError(400, message, code="invalid_request") from error


@dataclass(frozen=True)
class Upstream:
    """The engine behind the faces; errors of the way there become 502 and 503."""

    session: aiohttp.ClientSession
    url: str

    @contextlib.asynccontextmanager
    async def call(
        self, method: str, path: str, body: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The engine's answer, whatever its status; leaving the block early makes the engine stop.

        Raises:
            FaceError: 503 when nothing answers there, 502 when the answer breaks off.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with self.session.request(method, self.url + path, data=body, headers=headers) as answer:
                yield answer
        except aiohttp.ClientConnectorError as error:
            raise FaceError(503, f"the engine is not running: {error}", code="engine_gone") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FaceError(
                502, f"the engine's answer broke off: {error or type(error).__name__}", code="engine_broke"
            ) from error

    async def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The engine's JSON answer to a whole call.

        Raises:
            FaceError: as ``call``, or the engine's own error with its status and words.
        """
        data = None if body is None else json.dumps(body).encode()
        async with self.call(method, path, data) as answer:
            if answer.status >= 400:
                raise await refusal(answer)
            return await answer.json(content_type=None)


async def refusal(answer: aiohttp.ClientResponse) -> FaceError:
    """The engine's own error as ours: its words, its status; a type error it calls 500 is the asker's 400."""
    text = (await answer.read()).decode("utf-8", "replace")
    try:
        stated = json.loads(text)["error"]
        message, kind = str(stated["message"]), str(stated.get("type", ""))
    except (ValueError, KeyError, TypeError):
        message, kind = text[:500] or f"the engine answered {answer.status}", ""
    status = answer.status
    if status >= 500 and ("json.exception" in message or kind == "invalid_request_error"):
        status = 400
    return FaceError(status, message, code=kind or None)


def open_session() -> aiohttp.ClientSession:
    """The one session to the engine: no limit on connections (the gate is the limit), no retries.

    Every request has a connection of its own: llama.cpp now and then closes a kept-alive one without a word,
    long before its timeout, and a request written into it would be lost. On loopback that costs a fraction of
    a millisecond.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=UPSTREAM_CONNECT_S, sock_read=UPSTREAM_SILENCE_S
        ),
        auto_decompress=False,
        trust_env=False,
    )


class Relay(Response):
    """A response that is produced while it is sent, and cancelled as soon as the asker is gone.

    ``work(start, send)`` calls ``start(status, headers)`` once and ``send(bytes, more)`` for each piece. An
    error before ``start`` becomes an ordinary error response; one after it is told in the stream's own
    format.
    """

    def __init__(self, path: str, work: Callable[[RelaySend], Awaitable[None]]) -> None:
        super().__init__()
        self._path = path
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        await while_there(self._run(scope, receive, send), receive)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        relay = RelaySend(send)
        try:
            await self._work(relay)
        except FaceError as error:
            if not relay.started:
                await error_response(self._path, error)(scope, receive, send)
                return
            await relay.send(relay.late(self._path, error), more=False)


class RelaySend:
    """The sending side of a ``Relay``."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.ignored: tuple[str, ...] = ()
        self._events = False

    async def start(self, status: int, content_type: str) -> None:
        """Send the status line and headers."""
        self.started = True
        self._events = content_type.startswith("text/event-stream")
        headers: Headers = [
            (b"content-type", content_type.encode("latin-1")),
            (b"cache-control", b"no-cache"),
        ]
        if self.ignored:
            headers.append((b"x-casewright-ignored", ", ".join(self.ignored).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, body: bytes, *, more: bool = True) -> None:
        """Send a piece of the body; ``more`` False ends it."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def late(self, path: str, error: FaceError) -> bytes:
        """An error inside a stream: an SSE event, or a line of its own."""
        body = json.dumps(error_body(path, error.status, error.message, error.code)).encode()
        return b"data: " + body + b"\n\n" if self._events else body + b"\n"
