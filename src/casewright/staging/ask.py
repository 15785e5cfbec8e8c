"""HTTP as a judge does it: one connection and one deadline a request, no retry, everything kept."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import aiohttp

from casewright.api.staging import Exchange

KEPT_CHARS = 20_000
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as ``curl -F file=@NAME`` sends it."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` None: nothing did, and ``exchange.problem`` says why."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    exchange: Exchange

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def said(self) -> str:
        """Status and the beginning of the body, or the problem, in one line."""
        if self.status is None:
            return self.exchange.problem or "no answer"
        return f"HTTP {self.status} {' '.join(self.text.split())[:200]}"


class Client:
    """Asks services; use it as an asynchronous context manager."""

    def __init__(self, timeout_s: float, token: str | None = None) -> None:
        self._timeout_s = timeout_s
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        # a connection kept open could hide a restarted service, or be closed under a request
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, *, timeout_s: float | None = None) -> Answer:
        """GET."""
        return await self._ask("GET", url, None, "", {}, timeout_s=timeout_s)

    async def delete(self, url: str, *, timeout_s: float | None = None) -> Answer:
        """DELETE."""
        return await self._ask("DELETE", url, None, "", {}, timeout_s=timeout_s)

    async def post_json(self, url: str, body: object, *, timeout_s: float | None = None) -> Answer:
        """POST a value as JSON."""
        text = json.dumps(body, ensure_ascii=False)
        return await self.post_raw(url, text.encode(), timeout_s=timeout_s)

    async def post_raw(
        self,
        url: str,
        body: bytes,
        *,
        media_type: str = "application/json",
        token: str | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """POST bytes that are said to be of ``media_type``; ``token`` instead of the client's own."""
        headers = {"Content-Type": media_type}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self._ask(
            "POST", url, body, body.decode("utf-8", "replace")[:KEPT_CHARS], headers, timeout_s=timeout_s
        )

    async def post_zeros(self, url: str, size: int, *, timeout_s: float | None = None) -> Answer:
        """POST ``size`` zero bytes with their length stated."""
        headers = {"Content-Type": "application/json", "Content-Length": str(size)}
        return await self._ask("POST", url, _zeros(size), f"{size} zero bytes", headers, timeout_s=timeout_s)

    async def post_file(
        self,
        url: str,
        upload: Upload,
        *,
        field: str = "file",
        fields: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """POST a file as multipart field ``field``, after other ``fields``."""
        form = aiohttp.FormData()
        for name, value in (fields or {}).items():
            form.add_field(name, value)
        form.add_field(field, upload.content, filename=upload.name, content_type=upload.media_type)
        sent = f"multipart {field}={upload.name} ({len(upload.content)} bytes, {upload.media_type})"
        return await self._ask("POST", url, form, sent, {}, timeout_s=timeout_s)

    async def _ask(
        self,
        method: str,
        url: str,
        data: Any,
        sent: str,
        headers: dict[str, str],
        *,
        timeout_s: float | None,
    ) -> Answer:
        assert self._session is not None
        if self._token is not None:
            headers.setdefault("Authorization", f"Bearer {self._token}")
        limit = self._timeout_s if timeout_s is None else timeout_s
        at, began = datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()
        status, answered, body, problem = None, dict[str, str](), b"", None
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=aiohttp.ClientTimeout(total=limit)
            ) as response:
                body = await response.content.read(MAX_ANSWER_BYTES)
                while rest := await response.content.read(MAX_ANSWER_BYTES):
                    body += rest
                    if len(body) > MAX_ANSWER_BYTES:
                        raise aiohttp.ClientPayloadError("the answer is larger than 64 MB")
                status, answered = response.status, dict(response.headers)
        except TimeoutError:
            problem = f"no answer within {limit:g} s"
        except (aiohttp.ClientError, OSError) as error:
            problem = f"{type(error).__name__}: {error}"
        exchange = Exchange(
            at=at,
            method=method,
            url=url,
            sent=sent,
            status=status,
            headers=answered,
            body=None if status is None else body.decode("utf-8", "replace")[:KEPT_CHARS],
            body_bytes=None if status is None else len(body),
            ms=round((time.monotonic() - began) * 1000, 1),
            problem=problem,
        )
        return Answer(status, {name.lower(): value for name, value in answered.items()}, body, exchange)


async def _zeros(size: int) -> AsyncIterator[bytes]:
    while size > 0:
        yield _CHUNK[:size]
        size -= len(_CHUNK)
