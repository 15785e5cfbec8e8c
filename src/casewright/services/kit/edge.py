"""The outermost layer of every service: nothing gets in or out of the application but through here.

It gives a request its id, asks the guard, bounds the body in size and time, turns a defect into an answer
without a trace, and writes one log line and the metrics of each request.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casewright.errors import BodyTooLarge, CasewrightError, RequestTimeout, ServiceFailure
from casewright.observability.context import HEADER, begin
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.errors import error_response
from casewright.services.kit.guard import Guard

log = logging.getLogger("casewright.access")

# What a sender may still push after the answer is clear: closing at once would reset the connection and the
# sender would see that instead of the answer.
DRAINED_BYTES = 256 * 1024 * 1024
DRAIN_S = 20.0
QUIET_PATHS = frozenset({"/live", "/health", "/metrics"})
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Render = Callable[[Request, CasewrightError], Response]


def render_json(_request: Request, error: CasewrightError) -> Response:
    """An error as the contract's JSON."""
    return error_response(error)


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """``max_body_bytes`` is the largest body taken, ``body_s`` how long it may take to arrive."""

    guard: Guard
    metrics: ServiceMetrics
    max_body_bytes: int
    body_s: float
    render: Render = render_json


@dataclass(slots=True)
class _Exchange:
    """What is known of one request while it is served."""

    receive: Receive
    limit: int
    until: float
    taken: int = 0
    complete: bool = False
    broken: CasewrightError | None = None
    status: int | None = None
    started: float = field(default_factory=time.monotonic)

    async def take(self) -> Message:
        """The application's receive: counts the body and holds it to size and time."""
        if self.complete:
            return await self.receive()
        try:
            async with asyncio.timeout_at(self.until):
                message = await self.receive()
        except TimeoutError:
            self.broken = RequestTimeout(
                f"the body stopped after {self.taken} bytes", hint="send it again, whole and without a pause"
            )
            raise _Refused(self.broken) from None
        if message["type"] == "http.request":
            self.taken += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
            if self.taken > self.limit:
                self.broken = too_large(self.limit)
                raise _Refused(self.broken)
        else:
            self.complete = True
        return message

    async def drain(self) -> None:
        """Read and drop what is still being sent, within bounds."""
        try:
            async with asyncio.timeout(DRAIN_S):
                while not self.complete and self.taken < self.limit + DRAINED_BYTES:
                    message = await self.receive()
                    self.taken += len(message.get("body", b""))
                    self.complete = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return


class _Refused(Exception):
    """Ends the application's reading of a body; ``error`` is what the asker is told."""

    def __init__(self, error: CasewrightError) -> None:
        super().__init__(error.message)
        self.error = error


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body beyond ``limit`` bytes."""
    return BodyTooLarge(
        f"the request's body is larger than {limit} bytes", hint="send less at once; /health shows the limits"
    )


class Edge:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, config: EdgeConfig) -> None:
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config = self._config
        request_id = begin(Headers(scope=scope).get(HEADER))
        exchange = _Exchange(
            receive, config.max_body_bytes, asyncio.get_running_loop().time() + config.body_s
        )
        mounted = _Sender(send, exchange, request_id)
        config.metrics.in_flight.inc()
        try:
            await self._serve(scope, exchange, mounted)
        finally:
            config.metrics.in_flight.dec()
            self._record(scope, exchange)

    async def _serve(self, scope: Scope, exchange: _Exchange, send: _Sender) -> None:
        headers = Headers(scope=scope)
        try:
            self._config.guard.check(scope["path"], headers, scope["method"])
            if _stated_length(headers) > self._config.max_body_bytes:
                raise too_large(self._config.max_body_bytes)
            await self._app(scope, exchange.take, send)
            if exchange.broken is not None and send.held is not None:
                # The framework made an answer of its own out of the broken body. Not raised: the trace would
                # hold this frame, and the frame the error, with all that came of the body.
                await self._answer(scope, exchange, send, exchange.broken)
        except _Refused as refused:
            await self._answer(scope, exchange, send, refused.error)
        except CasewrightError as error:
            await self._answer(scope, exchange, send, error)
        except ClientDisconnect:
            return  # it left in the middle of its body: there is nobody to be answered
        except Exception:
            log.exception("defect", extra={"route": scope["path"], "method": scope["method"]})
            failure = ServiceFailure("this is our defect", hint="quote the request id to whoever runs it")
            await self._answer(scope, exchange, send, failure)

    async def _answer(self, scope: Scope, exchange: _Exchange, send: _Sender, error: CasewrightError) -> None:
        scope["casewright.error"] = error.kind
        if send.started:
            # half an answer is out: the connection is cut, so that nobody takes it for a whole one
            raise error
        if not isinstance(error, RequestTimeout):
            await exchange.drain()
        send.released = True
        await self._config.render(Request(scope), error)(scope, exchange.receive, send)

    def _record(self, scope: Scope, exchange: _Exchange) -> None:
        took_s = time.monotonic() - exchange.started
        route = getattr(scope.get("route"), "path", None) or "(none)"
        metrics, method = self._config.metrics, _known_method(scope["method"])
        status = str(exchange.status or 499)
        metrics.ended(method, route, status, took_s)
        kind = scope.get("casewright.error")
        if kind:
            metrics.errors.labels(kind).inc()
        if scope["path"] in QUIET_PATHS and status == "200":
            return
        log.info(
            "request",
            extra={
                "method": method,
                "route": route,
                "status": int(status),
                "ms": round(took_s * 1000, 1),
                "body_bytes": exchange.taken,
                **({"error": kind} if kind else {}),
            },
        )


class _Sender:
    """The application's send: adds our headers, and holds back an answer made out of a broken body."""

    def __init__(self, send: Send, exchange: _Exchange, request_id: str) -> None:
        self._send = send
        self._exchange = exchange
        self._request_id = request_id
        self.started = False
        self.released = False
        self.held: Message | None = None

    async def __call__(self, message: Message) -> None:
        if self._exchange.broken is not None and not self.started and not self.released:
            self.held = message
            return
        if message["type"] == "http.response.start":
            self.started = True
            self._exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self._request_id
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _stated_length(headers: Headers) -> int:
    stated = headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else 0


def _known_method(method: str) -> str:
    known = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
    return method if method in known else "OTHER"
