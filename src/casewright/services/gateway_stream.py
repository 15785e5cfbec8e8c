"""An answer of the gateway while it is made: the head with the first piece, each piece as it comes.

Until the first piece nothing is sent, so whatever fails before it is a true HTTP status. After it a failure
is an ``error`` event, and ``[DONE]`` is not sent: nobody takes half an answer for a whole one. A client that
goes away cancels the work, which frees the engine's place and makes the engine stop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casewright.engines.routed import Restarted, Routed
from casewright.engines.router import RouterEngine
from casewright.engines.trail import Provenance
from casewright.engines.wire import Delta, Finished
from casewright.errors import CasewrightError, Truncated
from casewright.observability.context import request_id
from casewright.observability.metrics import ServiceMetrics
from casewright.services.gateway_contract import Call
from casewright.services.gateway_errors import error_object, refusal_of, refusal_response
from casewright.services.gateway_frames import EVENTS, Frames, whole
from casewright.services.kit.leaving import while_there
from casewright.values import Usage

# A model's name is the client's word: a line break in it would begin a header of its own.
_UNSENDABLE = re.compile(rb"[^\x20-\x7e]")

Work = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class Answering(Response):
    """A response that is produced while it is sent; ``work`` is cancelled as soon as the client is gone."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        await while_there(self._work(scope, receive, send), receive)


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion for ``caller``, by the routes in ``only``; ``chat`` False: the older format."""

    router: RouterEngine
    only: frozenset[str] | None
    metrics: ServiceMetrics
    call: Call
    caller: str
    chat: bool

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI)."""
        routed = self.router.open(self.call.request, caller=self.caller, only=self.only)
        head = _Head(send)
        try:
            async with routed:
                await (self._stream(routed, head) if self.call.stream else self._whole(routed, head))
        except CasewrightError as error:
            scope["casewright.error"] = error.kind
            refusal, about = refusal_of(error), self._about(routed.provenance, None)
            if not head.sent:
                await refusal_response(refusal, about)(scope, receive, send)
            else:
                await send(_body(b"data: " + error_object(refusal, about) + b"\n\n"))

    async def _whole(self, routed: Routed, head: _Head) -> None:
        answer = await routed.collect()
        source = routed.provenance
        about = self._about(source, answer.finish_reason)
        body = whole(
            answer, chat=self.chat, identity=self._identity(), model=self._model(source), about=about
        )
        self._count(source, answer.usage)
        content = json.dumps(body, separators=(",", ":")).encode()
        length = (b"content-length", str(len(content)).encode())
        await head.send(b"application/json", [length, *self._origin(source)])
        await head.out(_body(content))

    async def _stream(self, routed: Routed, head: _Head) -> None:
        frames: Frames | None = None
        async for event in routed:
            if frames is None:
                source = routed.provenance
                frames = self._frames(source)
                await head.send(EVENTS.encode(), self._origin(source))
            await self._pass_on(event, frames, routed, head.out)

    async def _pass_on(
        self, event: Delta | Finished | Restarted, frames: Frames, routed: Routed, send: Send
    ) -> None:
        if isinstance(event, Delta):
            piece = frames.piece(event)
            if piece:
                await send(_body(piece, more=True))
        elif isinstance(event, Finished):
            source = routed.provenance
            self._count(source, event.usage)
            last = frames.end(event, self._about(source, event.reason))
            await send(_body(last))
        else:
            # OpenAI's clients join all pieces: a second beginning would be spliced onto the first.
            raise Truncated(
                f"{event.from_route} ended its answer midway ({event.cause})",
                hint=f"ask again; {event.to_route} answers now",
            )

    def _frames(self, source: Provenance) -> Frames:
        return Frames(
            chat=self.chat,
            identity=self._identity(),
            model=self._model(source),
            usage=self.call.include_usage,
        )

    def _identity(self) -> str:
        return f"{'chatcmpl' if self.chat else 'cmpl'}-{request_id()}"

    def _model(self, source: Provenance) -> str:
        return source.model or self.call.request.model

    def _origin(self, source: Provenance) -> list[tuple[bytes, bytes]]:
        return origin_headers(source, self.call.request.model, self.call.ignored)

    def _about(self, source: Provenance, reason: str | None) -> dict[str, Any]:
        """The ``casewright`` object of a body or last frame."""
        warnings = [*self.call.warnings, *source.warnings]
        if self.call.capped and reason == "length":
            bound = self.call.request.max_tokens
            warnings.append(f"the answer was ended after {bound} tokens, since max_tokens was not given")
        return {
            "provider": source.provider or None,
            "kind": source.kind or None,
            "model": source.model or None,
            "attempts": [
                {"route": tried.route, "outcome": tried.outcome, "message": tried.message, "ms": tried.ms}
                for tried in source.attempts
            ],
            "fallback": source.fallback,
            "queue_ms": source.queue_ms,
            "warnings": warnings,
            "request_id": request_id(),
        }

    def _count(self, source: Provenance, usage: Usage | None) -> None:
        self.metrics.answers.labels("model", source.provider).inc()
        if usage is not None:
            for direction, tokens in (("in", usage.prompt_tokens), ("out", usage.output_tokens)):
                if tokens is not None:
                    self.metrics.tokens.labels(source.provider, direction).inc(tokens)


def origin_headers(source: Provenance, asked: str, ignored: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """``X-Casewright-...``: where an answer comes from, and which parameters were not used."""
    headers = [
        (b"x-casewright-provider", source.provider.encode("ascii", "replace")),
        (b"x-casewright-model", _UNSENDABLE.sub(b"?", (source.model or asked).encode("ascii", "replace"))),
        (b"x-casewright-attempts", str(len(source.attempts)).encode()),
        (b"x-casewright-fallback", b"true" if source.fallback else b"false"),
    ]
    if ignored:
        headers.append((b"x-casewright-ignored", ", ".join(ignored).encode()))
    return headers


class _Head:
    """The status line and headers of a good answer, sent once; ``out`` sends what follows."""

    def __init__(self, out: Send) -> None:
        self.out = out
        self.sent = False

    async def send(self, media_type: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Send them."""
        self.sent = True
        typed = [(b"content-type", media_type), *headers]
        await self.out({"type": "http.response.start", "status": 200, "headers": typed})


def _body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}
