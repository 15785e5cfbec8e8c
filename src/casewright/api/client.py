"""One client for the three services, typed by their contracts.

Nothing is repeated behind the caller's back and every wait has a deadline. Each call makes a connection of
its own: next to what the services do it costs nothing, and a service that was restarted is never asked on a
dead connection.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError

from casewright.api.contract import ErrorAnswer, Health
from casewright.api.document_calls import DocumentCalls, plain_name
from casewright.api.knowledge_calls import KnowledgeCalls
from casewright.api.note_calls import NoteCalls
from casewright.api.rag import QueryRequest, QueryResponse
from casewright.engines.failures import redacted
from casewright.errors import (
    CasewrightError,
    ConfigError,
    EngineBusy,
    NotRunning,
    ServiceBusy,
    ServiceFailure,
    every_error,
)
from casewright.observability.context import HEADER, request_id

ServiceName = Literal["rag", "notes", "documents"]
__all__ = ["SERVICES", "Client", "ClientConfig", "Patience", "ServiceName", "plain_name"]
SERVICES: tuple[ServiceName, ...] = ("rag", "notes", "documents")
_GOOD = (200, 202, 204)
_Answer = TypeVar("_Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each kind of call is waited for, in seconds, its connection included.

    ``silence_s`` is between two signs of life of a stream of events.
    """

    connect_s: float = 2.0
    health_s: float = 5.0
    query_s: float = 240.0
    convert_s: float = 240.0
    process_s: float = 180.0
    silence_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """Where the services are, and the key or service token shown to them (None: none is needed).

    ``max_answer_bytes`` bounds what is read of an answer.
    """

    rag_url: str
    notes_url: str
    documents_url: str
    key: str | None = field(default=None, repr=False)
    patience: Patience = field(default_factory=Patience)
    max_answer_bytes: int = 64 * 1024 * 1024

    def url(self, service: ServiceName) -> str:
        """Where a service is, without a trailing slash."""
        urls = {"rag": self.rag_url, "notes": self.notes_url, "documents": self.documents_url}
        return urls[service].rstrip("/")


class Client(DocumentCalls, KnowledgeCalls, NoteCalls):
    """Asks the services; use as ``async with``. Every method raises as ``query`` says.

    The id of the request being served is sent on, so that one id leads through the logs of all services.
    """

    def __init__(self, config: ClientConfig) -> None:
        """Raises ``ConfigError`` for a URL that is none, or has a user name in it."""
        for service in SERVICES:
            _check_url(service, config.url(service))
        self.config = config
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        if self._session is not None:
            await self._session.close()

    async def health(self, service: ServiceName) -> Health:
        """What a service says of itself; an unhealthy one (HTTP 503) answers too."""
        status, body = await self._ask(service, "GET", "/health", self.config.patience.health_s)
        if status in (200, 503):
            try:
                return Health.model_validate_json(body)
            except ValidationError:
                pass  # an error of the service in its usual shape, or no answer of ours at all
        return self._read(service, status, body, Health)

    async def query(self, request: QueryRequest) -> QueryResponse:
        """An answer out of the documents in the request.

        Raises:
            NotRunning: no connection, or it broke.
            ServiceBusy: no answer in time, or the service sheds load.
            ConfigError: the service refuses our key or name.
            ServiceFailure: what answers there is not the service.
            CasewrightError: any other error, as the service reported it.
        """
        return await self._post("rag", "/query", request, self.config.patience.query_s, QueryResponse)

    async def _notes(
        self, answer: type[_Answer], method: str, path: str, body: BaseModel | None = None
    ) -> _Answer:
        patience = self.config.patience
        seconds = patience.convert_s if path == "/convert" else patience.process_s
        if body is not None:
            return await self._post("notes", path, body, seconds, answer)
        status, found = await self._ask("notes", method, path, patience.health_s)
        return self._read("notes", status, found, answer)

    async def _file(self, path: str, body: BaseModel) -> bytes:
        headers, sent = {"Content-Type": "application/json"}, body.model_dump_json().encode()
        seconds = self.config.patience.process_s
        status, found = await self._ask("notes", "POST", path, seconds, data=sent, headers=headers)
        if status not in _GOOD:
            raise self._error("notes", status, found)
        return found

    def _refuse_error(self, data: bytes) -> None:
        try:
            said = ErrorAnswer.model_validate_json(data).error
        except ValidationError:
            return
        raise _made(every_error().get(said.type, ServiceFailure), said.message, said.hint)

    async def _document(self, answer: type[_Answer], method: str, path: str, data: Any = None) -> _Answer:
        patience = self.config.patience.health_s if method == "GET" else self.config.patience.process_s
        if path.endswith("/result") or path.startswith("/documents/"):
            patience = self.config.patience.process_s  # a long document is a long answer
        status, body = await self._ask("documents", method, path, patience, data=data)
        return self._read("documents", status, body, answer)

    async def _knowledge(self, answer: type[_Answer], method: str, path: str, data: Any = None) -> _Answer:
        patience = self.config.patience.health_s if method == "GET" else self.config.patience.process_s
        if path.startswith("/search"):
            patience = self.config.patience.query_s
        headers = {"Content-Type": "application/json"} if isinstance(data, bytes) else None
        status, body = await self._ask("rag", method, path, patience, data=data, headers=headers)
        return self._read("rag", status, body, answer)

    async def _bytes(self, path: str, method: str = "GET") -> bytes:
        status, body = await self._ask("documents", method, path, self.config.patience.process_s)
        if status not in _GOOD:
            raise self._error("documents", status, body)
        return body

    async def _stream(
        self,
        service: ServiceName,
        path: str,
        headers: dict[str, str],
        method: Literal["GET", "POST"] = "GET",
        data: bytes | None = None,
    ) -> AsyncGenerator[bytes]:
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self.config.patience.connect_s, sock_read=self.config.patience.silence_s
        )
        sent = {**self._own_headers(), **headers}
        try:
            url = self.config.url(service) + path
            async with self._opened().request(
                method, url, headers=sent, data=data, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    body = await answer.content.read(self.config.max_answer_bytes)
                    raise self._error(service, answer.status, body)
                async for piece in answer.content.iter_any():
                    yield piece
        except aiohttp.ConnectionTimeoutError as error:
            raise self._gone(service, "no connection in time") from error
        except TimeoutError as error:
            raise self._gone(service, "it fell silent") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise self._gone(service, _words(error)) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session

    async def _post(
        self, service: ServiceName, path: str, request: BaseModel, deadline_s: float, answer: type[_Answer]
    ) -> _Answer:
        body = request.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        status, found = await self._ask(service, "POST", path, deadline_s, data=body, headers=headers)
        return self._read(service, status, found, answer)

    async def _ask(
        self,
        service: ServiceName,
        method: str,
        path: str,
        deadline_s: float,
        *,
        data: Any = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        session = self._opened()
        sent = {**(headers or {}), **self._own_headers()}
        timeout = aiohttp.ClientTimeout(total=deadline_s, sock_connect=self.config.patience.connect_s)
        url = self.config.url(service)
        try:
            async with session.request(
                method, url + path, data=data, headers=sent, timeout=timeout, allow_redirects=False
            ) as answer:
                body = await answer.content.read(self.config.max_answer_bytes + 1)
                while body and not answer.content.at_eof() and len(body) <= self.config.max_answer_bytes:
                    body += await answer.content.read(self.config.max_answer_bytes + 1 - len(body))
        except aiohttp.ConnectionTimeoutError as error:
            raise self._gone(service, "no connection in time") from error
        except TimeoutError as error:
            raise ServiceBusy(
                f"the {service} service gave no answer within {deadline_s:g} s",
                hint="try again with less text, or later; /status shows how it is",
            ) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise self._gone(service, _words(error)) from error
        if len(body) > self.config.max_answer_bytes:
            raise self._not_ours(service, f"its answer is larger than {self.config.max_answer_bytes} bytes")
        return answer.status, body

    def _own_headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.config.key:
            headers["Authorization"] = f"Bearer {self.config.key}"
        if (current := request_id()) is not None:
            headers[HEADER] = current
        return headers

    def _read(self, service: ServiceName, status: int, body: bytes, answer: type[_Answer]) -> _Answer:
        if status in _GOOD:
            try:
                return answer.model_validate_json(body)
            except ValidationError as error:
                what = f"its answer does not follow the contract ({error.error_count()} differences)"
                raise self._not_ours(service, what) from error
        raise self._error(service, status, body)

    def _error(self, service: ServiceName, status: int, body: bytes) -> CasewrightError:
        """What an answer that is none says, as the error that it was."""
        try:
            said = ErrorAnswer.model_validate_json(body).error
        except ValidationError as error:
            failure = self._not_ours(service, f"it answered HTTP {status} in a form of its own")
            failure.__cause__ = error
            return failure
        if status in (401, 403, 421):
            return ConfigError(
                f"the {service} service does not let this one in: {said.message}",
                hint="let both share a data directory, or set CASEWRIGHT_SERVICE_KEY to a key for it",
            )
        kind = every_error().get(said.type, ServiceFailure)
        # an unknown kind comes from another version; a request's own fault must not be told as ours
        return _made(kind, said.message, said.hint)

    def _gone(self, service: ServiceName, why: str) -> NotRunning:
        return NotRunning(
            f"the {service} service at {redacted(self.config.url(service))} does not answer: {why}",
            hint="start it (casewright up), or correct its URL in the settings",
        )

    def _not_ours(self, service: ServiceName, why: str) -> ServiceFailure:
        return ServiceFailure(
            f"what answers at {redacted(self.config.url(service))} is not the {service} service: {why}",
            hint="correct its URL in the settings, or run all services in one version",
        )


def _check_url(service: ServiceName, url: str) -> None:
    """There is one way to show a key, and it is not the URL, which is told in errors and logs."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or "@" in parts.netloc:
        raise ConfigError(
            f"{redacted(url)!r} cannot be the URL of the {service} service",
            hint="write http://HOST:PORT without a user name; a key goes into CASEWRIGHT_SERVICE_KEY",
        )


def _made(kind: type[CasewrightError], message: str, hint: str) -> CasewrightError:
    if issubclass(kind, EngineBusy):
        return kind(message, hint=hint, status=503)
    return kind(message, hint=hint)


def _words(error: BaseException) -> str:
    """What broke a connection, without the library's own wording around it."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host's name is not known"
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = error.os_error.errno == errno.ECONNREFUSED
        return "nothing listens there" if refused else error.os_error.strerror or "no connection"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection before it answered"
    return str(error) or type(error).__name__
