"""What the adapters for real servers share: a chat, embeddings and health over ``Transport`` and ``wire``."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp.abc import AbstractResolver

from casewright.engines.base import Deadlines, Engine, EngineHealth
from casewright.engines.failures import Origin, redacted
from casewright.engines.transport import Reply, Stream, Transport
from casewright.engines.wire import (
    Api,
    ChatRequest,
    Delta,
    Event,
    Failed,
    Finished,
    StreamDecoder,
    accepts_content_type,
    chat_path,
    decode_body,
    decode_embeddings,
    decode_error,
    embed_path,
    encode_chat,
    encode_embed,
)
from casewright.errors import EngineError, EngineTimeout, EngineUnreachable, StreamBroken
from casewright.values import EngineKind

_MODELS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Access:
    """How to get at an engine: key, deadlines, an extra CA, and another resolver than the system's."""

    api_key: str | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    ca_file: Path | None = None
    resolver: AbstractResolver | None = None


class HttpEngine(Engine):
    """An engine behind one of the two wire formats; subclasses add what their provider calls things.

    ``reconnects`` counts requests that were sent again because a kept-alive connection had been closed.
    """

    health_path: str

    def __init__(
        self, url: str, *, api: Api, kind: EngineKind, model: str | None = None, access: Access | None = None
    ) -> None:
        access = access or Access()
        self.kind = kind
        self.api = api
        self.url = redacted(url)
        self.model = model
        self._deadlines = access.deadlines
        self._origin = Origin(kind, self.url)
        self._transport = Transport(
            url,
            self._origin,
            deadlines=access.deadlines,
            api_key=access.api_key,
            ca_file=access.ca_file,
            resolver=access.resolver,
        )

    @property
    def reconnects(self) -> int:
        """Requests sent again on a new connection since this engine was opened."""
        return self._transport.reconnects

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """See ``Engine.chat``."""
        body = encode_chat(self.api, request)
        if not request.stream:
            for whole in await self._whole(body):
                yield whole
            return
        async with self._transport.stream(chat_path(self.api), body) as answer:
            await self._check_opening(answer)
            decoder = StreamDecoder(self.api)
            async for data, at_ns in answer.chunks():
                for event in map(self._good, decoder.feed(data, at_ns)):
                    if isinstance(event, Delta):
                        answer.progress()
                    yield event
                if decoder.closed:
                    await answer.drain()
                    return
            for event in map(self._good, decoder.end(time.monotonic_ns())):
                yield event

    def _good(self, event: Event) -> Delta | Finished:
        if isinstance(event, Failed):
            raise self._origin.error(event)
        return event

    async def _whole(self, body: bytes) -> list[Delta | Finished]:
        reply = await self._transport.fetch(
            "POST", chat_path(self.api), body, timeout_s=self._deadlines.total_s
        )
        await self._check(reply)
        return [self._good(event) for event in decode_body(self.api, reply.body, reply.at_ns)]

    async def _check_opening(self, answer: Stream) -> None:
        """Raise unless a stream of this format has begun."""
        if answer.status != 200:
            raise await self._refusal(answer.status, answer.headers, await answer.body())
        content_type = answer.headers.get("content-type")
        if accepts_content_type(self.api, content_type, stream=True):
            return
        body = await answer.body()
        first = decode_body(self.api, body, time.monotonic_ns())[0]
        if isinstance(first, Failed) and first.kind == "stream_error":
            raise self._origin.error(first)
        message = f"answers a stream with content type {content_type}"
        raise self._origin.error(Failed("malformed", message, time.monotonic_ns(), answer.status))

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """See ``Engine.embed``."""
        if not texts:
            return []
        body = encode_embed(self.api, model, texts)
        reply = await self._transport.fetch(
            "POST", embed_path(self.api), body, timeout_s=self._deadlines.total_s
        )
        await self._check(reply)
        found = decode_embeddings(self.api, reply.body, len(texts))
        if isinstance(found, Failed):
            raise self._origin.error(replace(found, at_ns=reply.at_ns, status=reply.status))
        return found

    async def health(self) -> EngineHealth:
        """See ``Engine.health``."""
        started = time.monotonic_ns()
        try:
            reply = await self._transport.fetch("GET", self.health_path)
        except (EngineUnreachable, EngineTimeout, StreamBroken) as error:
            return EngineHealth(False, False, str(error))
        latency_ms = (reply.at_ns - started) / 1e6
        if reply.status != 200:
            failed = decode_error(self.api, reply.status, reply.headers, reply.body)
            return EngineHealth(True, False, failed.message, latency_ms)
        try:
            served = await self.models()
        except EngineError as error:
            return EngineHealth(True, False, str(error), latency_ms)
        if not served:
            return EngineHealth(True, False, "no model is served", latency_ms)
        if self.model is not None and not self.serves(self.model, served):
            detail = f"{self.model} is not among the models served: {', '.join(served[:_MODELS_SHOWN])}"
            return EngineHealth(True, False, detail, latency_ms, served)
        return EngineHealth(True, True, "ready", latency_ms, served)

    def serves(self, model: str, served: Sequence[str]) -> bool:
        """Whether a model is one of those served."""
        return model in served

    async def ask(self, path: str, body: bytes | None = None) -> Reply:
        """One control call that must succeed.

        Raises:
            EngineError: it did not.
        """
        reply = await self._transport.fetch("GET" if body is None else "POST", path, body)
        await self._check(reply, list_models=body is not None)
        return reply

    async def ask_if_there(self, path: str) -> Reply | None:
        """One control call that only some servers answer; None where this one does not.

        Raises:
            EngineError: the engine cannot be reached.
        """
        reply = await self._transport.fetch("GET", path)
        return reply if reply.status == 200 else None

    async def _check(self, reply: Reply, *, list_models: bool = True) -> None:
        if reply.status != 200:
            raise await self._refusal(reply.status, reply.headers, reply.body, list_models=list_models)

    async def _refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, *, list_models: bool = True
    ) -> EngineError:
        failed = decode_error(self.api, status, headers, body, at_ns=time.monotonic_ns())
        hint = await self._models_hint() if failed.kind == "model_not_found" and list_models else None
        return self._origin.error(failed, hint)

    async def _models_hint(self) -> str | None:
        """The models there are, for whoever named one that is not."""
        try:
            served = await self.models()
        except EngineError:
            # The refusal itself is what gets raised; that the list is not to be had adds nothing to it.
            return None
        if not served:
            return "it serves no model at all; load one first"
        more = ", ..." if len(served) > _MODELS_SHOWN else ""
        return f"it serves: {', '.join(served[:_MODELS_SHOWN])}{more}"
