"""One pooled HTTP transport for the adapters, and the one seam where its exceptions become the error tree.

Nothing is retried behind anyone's back. One thing is sent twice, once, and counted in
``Transport.reconnects``: a request on a kept-alive connection that the server closed before it answered with
anything. llama.cpp's server and others close idle connections, and no client can see that in time.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver

from casewright.engines.base import Deadlines
from casewright.engines.failures import Origin
from casewright.engines.wire import Failed
from casewright.errors import ConfigError, EngineError

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 << 20
MAX_ERROR_BYTES = 64 << 10
_DRAIN_S = 1.0
_DRAIN_BYTES = 64 << 10

# The first entry that fits decides, so subclasses come before their bases. OSError is last: what aiohttp
# lets through unwrapped.
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "dns_failure"),
    (aiohttp.ClientConnectorCertificateError, "tls_failure"),
    (aiohttp.ClientSSLError, "tls_failure"),
    (aiohttp.ServerFingerprintMismatch, "tls_failure"),
    (aiohttp.ConnectionTimeoutError, "connect_timeout"),
    (aiohttp.ServerTimeoutError, "idle_timeout"),
    (aiohttp.ClientConnectorError, "unreachable"),
    (aiohttp.ClientConnectionError, "connection_lost"),
    (aiohttp.ClientPayloadError, "connection_lost"),
    (aiohttp.ClientResponseError, "malformed"),
    (aiohttp.client_exceptions.UploadAbortedError, "connection_lost"),
    (aiohttp.InvalidURL, "unreachable"),
    (aiohttp.NonHttpUrlClientError, "unreachable"),
    (aiohttp.RedirectClientError, "unreachable"),
    (aiohttp.http_exceptions.HttpProcessingError, "malformed"),
    (ssl.SSLError, "tls_failure"),
    (OSError, "connection_lost"),
)


def kind_of(error: BaseException) -> str | None:
    """The kind in the error tree of an exception of aiohttp, ssl or the system; None if it has none."""
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        found = _system_kind(error.os_error)
        if found is not None and not isinstance(error, aiohttp.ClientConnectorDNSError):
            return found
    return next((kind for cls, kind in _KINDS if isinstance(error, cls)), None)


def _system_kind(error: OSError) -> str | None:
    if isinstance(error, socket.gaierror):
        return "dns_failure"
    if isinstance(error, ssl.SSLError):
        return "tls_failure"
    if error.errno == errno.ECONNREFUSED or isinstance(error, ConnectionRefusedError):
        return "connection_refused"
    if error.errno == errno.ETIMEDOUT:
        return "connect_timeout"
    return None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer; header names are lower-case. ``at_ns``: when the body was complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at_ns: int


class Watch:
    """Which deadline of a streamed call comes next; ``progress`` is called for every generated piece."""

    def __init__(self, deadlines: Deadlines, now: Callable[[], float]) -> None:
        self._deadlines = deadlines
        self._now = now
        start = now()
        self._total = start + deadlines.total_s
        self._next = start + deadlines.first_token_s
        self._kind = "first_token_timeout"

    def progress(self) -> None:
        """A piece arrived: from now on the gap to the next one counts."""
        self._next = self._now() + self._deadlines.idle_s
        self._kind = "idle_timeout"

    def due(self) -> tuple[float, str, float]:
        """The next deadline: loop time, kind, and its length in seconds."""
        if self._total <= self._next:
            return self._total, "total_timeout", self._deadlines.total_s
        first = self._kind == "first_token_timeout"
        return self._next, self._kind, self._deadlines.first_token_s if first else self._deadlines.idle_s


class Stream:
    """An answer whose body is being received."""

    def __init__(self, response: aiohttp.ClientResponse, watch: Watch, origin: Origin) -> None:
        self._response = response
        self._watch = watch
        self._origin = origin
        self.status = response.status
        self.headers = _lower(response)

    def progress(self) -> None:
        """Tell the deadlines that a piece was generated."""
        self._watch.progress()

    async def chunks(self) -> AsyncIterator[tuple[bytes, int]]:
        """The body as it arrives, each with the monotonic nanoseconds at which it was handed over.

        Raises:
            EngineError: the connection broke, or a deadline passed.
        """
        while True:
            async with translated(self._origin), bounded(self._origin, *self._watch.due()):
                data = await self._response.content.readany()
            at_ns = time.monotonic_ns()
            if not data:
                return
            yield data, at_ns

    async def body(self, limit: int = MAX_ERROR_BYTES) -> bytes:
        """The rest of the body, cut at ``limit`` bytes."""
        found = bytearray()
        async for data, _ in self.chunks():
            found += data
            if len(found) >= limit:
                break
        return bytes(found[:limit])

    async def drain(self) -> None:
        """Read the little that may follow the last frame, so that the connection can be used again."""
        left = _DRAIN_BYTES
        try:
            async with asyncio.timeout(_DRAIN_S):
                while left > 0 and not self._response.content.at_eof():
                    left -= len(await self._response.content.readany())
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            # The answer is complete; only the connection is not worth keeping.
            log.debug("%s: not kept alive: %r", self._origin.url, error)


class Transport:
    """Connections to one engine.

    Args:
        base_url: scheme, host, port and an optional path prefix; credentials in it are sent, never shown.
        origin: whose errors these are.
        api_key: sent as a bearer token.
        ca_file: a CA to trust beside the system's.
        resolver: for names; the system's by default.

    Raises:
        ConfigError: the key cannot be in a header, or the CA file cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        origin: Origin,
        *,
        deadlines: Deadlines | None = None,
        api_key: str | None = None,
        ca_file: Path | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._origin = origin
        self._deadlines = deadlines or Deadlines()
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "casewright"} | _authorization(api_key)
        self._tls = _tls_context(ca_file)
        self._resolver = resolver
        self._pooled: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None
        self.reconnects = 0

    async def aclose(self) -> None:
        """Close every connection."""
        for session in (self._pooled, self._fresh):
            if session is not None:
                await session.close()
        self._pooled = self._fresh = None

    async def fetch(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        timeout_s: float | None = None,
        limit: int = MAX_BODY_BYTES,
    ) -> Reply:
        """One call with its whole answer, whatever its status.

        Raises:
            EngineError: no answer, or one of more than ``limit`` bytes.
        """
        allowed = self._deadlines.control_s if timeout_s is None else timeout_s
        due = asyncio.get_running_loop().time() + allowed
        async with translated(self._origin), bounded(self._origin, due, "total_timeout", allowed):
            response = await self._send(method, path, body)
            async with response:
                found = bytearray()
                while data := await response.content.readany():
                    found += data
                    if len(found) > limit:
                        response.close()
                        message = f"an answer of more than {limit} bytes"
                        raise self._origin.error(Failed("malformed", message, time.monotonic_ns()))
                return Reply(response.status, _lower(response), bytes(found), time.monotonic_ns())

    @asynccontextmanager
    async def stream(self, path: str, body: bytes) -> AsyncIterator[Stream]:
        """One POST with a streamed answer; leaving the block early closes the connection.

        Raises:
            EngineError: no answer before the deadlines.
        """
        watch = Watch(self._deadlines, asyncio.get_running_loop().time)
        async with translated(self._origin), bounded(self._origin, *watch.due()):
            response = await self._send("POST", path, body)
        try:
            yield Stream(response, watch, self._origin)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def _send(self, method: str, path: str, body: bytes | None) -> aiohttp.ClientResponse:
        trace = SimpleNamespace(reused=False)
        try:
            return await self._request(self._session(), method, path, body, trace)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not trace.reused or _began(error):
                raise
            self.reconnects += 1
            log.info("%s closed a kept-alive connection before answering; sent again", self._origin.url)
        if self._fresh is None:
            self._fresh = self._new_session(force_close=True)
        return await self._request(self._fresh, method, path, body, trace)

    async def _request(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: bytes | None,
        trace: SimpleNamespace,
    ) -> aiohttp.ClientResponse:
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        return await session.request(
            method,
            self._base + path,
            data=body,
            headers=headers,
            allow_redirects=False,
            trace_request_ctx=trace,
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._pooled is None:
            self._pooled = self._new_session(force_close=False)
        return self._pooled

    def _new_session(self, *, force_close: bool) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, force_close=force_close, ssl=self._tls, resolver=self._resolver
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._deadlines.connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[tracing],
        )
        # aiohttp would send a GET again by itself, uncounted; it offers no public switch. A test holds this.
        session._retry_connection = False
        return session


@asynccontextmanager
async def translated(origin: Origin) -> AsyncIterator[None]:
    """Every exception of the HTTP library inside becomes one of the error tree."""
    try:
        yield
    except EngineError:
        raise
    except TimeoutError as error:
        # Deadlines are turned into errors by ``bounded``; what is left is aiohttp's own connect timeout.
        kind = kind_of(error) or "connect_timeout"
        raise origin.error(Failed(kind, _words(kind, error), time.monotonic_ns())) from error
    except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError) as error:
        kind = kind_of(error) or "engine"
        raise origin.error(Failed(kind, _words(kind, error), time.monotonic_ns())) from error


@asynccontextmanager
async def bounded(origin: Origin, due: float, kind: str, seconds: float) -> AsyncIterator[None]:
    """Raise the timeout of this ``kind`` when the loop's clock passes ``due``."""
    scope = asyncio.timeout_at(due)
    try:
        async with scope:
            yield
    except TimeoutError as error:
        if not scope.expired():
            raise
        words = {
            "first_token_timeout": f"nothing generated within {seconds:g} s",
            "idle_timeout": f"nothing more generated for {seconds:g} s",
        }
        message = words.get(kind, f"no complete answer within {seconds:g} s")
        raise origin.error(Failed(kind, message, time.monotonic_ns())) from error


def _words(kind: str, error: BaseException) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    plain = {
        "dns_failure": "the host name does not resolve",
        "connection_refused": "nothing listens there",
        "tls_failure": "the TLS handshake failed",
        "connect_timeout": "no connection in time",
        "connection_lost": "the connection was closed before the answer was complete",
        "malformed": "the answer is not HTTP",
    }
    return f"{plain.get(kind, 'no connection')} ({said[:300]})"


def _began(error: BaseException) -> bool:
    """Whether a disconnect came after the beginning of an answer."""
    return isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(error.message, str)


async def _note_reuse(session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.reused = True


def _lower(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _authorization(api_key: str | None) -> dict[str, str]:
    if not api_key:
        return {}
    if not api_key.isascii() or not api_key.isprintable():
        raise ConfigError(
            "the API key cannot be sent in a header", hint="check VLLM_API_KEY for stray characters"
        )
    return {"Authorization": f"Bearer {api_key}"}


def _tls_context(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot read the CA file {ca_file}: {error}", hint="name a PEM file") from error
    return context
