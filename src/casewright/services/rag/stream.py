"""An answer as server-sent events: its passages at once, its sentences when they hold, and then the whole.

::

    event: passages     {"hits": [...]}, of a case: what the answer is looked for in
    event: sentence     one each, with its citations; none is sent before it was checked
    event: citations    {"citations": [...], "sources": [...]}
    event: done         the answer as POST /query gives it without a stream; or
    event: error        the error in its usual shape; the last one too
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from fastapi import Request

from casewright.api.contract import ErrorAnswer, ErrorDetail
from casewright.api.knowledge import SearchHit
from casewright.api.rag import QueryResponse
from casewright.errors import CasewrightError, ServiceFailure
from casewright.knowledge.records import Hit
from casewright.observability.context import request_id
from casewright.services.kit.events import ALIVE, event

log = logging.getLogger(__name__)
ALIVE_S = 15.0


class Teller:
    """Hears of passages while an answer is made."""

    async def passages(self, hits: Sequence[Hit]) -> None:
        """What a search found."""


nobody = Teller()


class _Stream(Teller):
    def __init__(self) -> None:
        self.events: asyncio.Queue[bytes] = asyncio.Queue()

    async def passages(self, hits: Sequence[Hit]) -> None:
        said = [shown_hit(hit).model_dump(mode="json") for hit in hits]
        self.events.put_nowait(event("passages", json.dumps({"hits": said})))


def shown_hit(hit: Hit) -> SearchHit:
    """What a search found."""
    found, chunk = hit.found, hit.found.chunk
    return SearchHit(
        document_id=found.document,
        name=found.name,
        version=found.version,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        heading_path=chunk.heading_path,
        kind=chunk.kind,
        box=chunk.box,
        score=round(hit.score, 6),
        parts={name: round(score, 6) for name, score in hit.parts.items()},
    )


async def streamed(
    request: Request, work: Callable[[Teller], Awaitable[QueryResponse]]
) -> AsyncGenerator[bytes]:
    """The events of one answer; closing it ends the work."""
    stream = _Stream()
    making = asyncio.ensure_future(work(stream))
    try:
        while not making.done() or not stream.events.empty():
            getting = asyncio.ensure_future(stream.events.get())
            try:
                await asyncio.wait((getting, making), timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
                elif not making.done():
                    yield ALIVE
            finally:
                getting.cancel()
        for piece in _told(request, making):
            yield piece
    finally:
        making.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # told already, or nobody listens
            await making


def _told(request: Request, making: asyncio.Future[QueryResponse]) -> list[bytes]:
    """The answer's own events, or its error's."""
    try:
        answer = making.result()
    except CasewrightError as error:
        return [error_event(request, error)]
    except Exception:
        log.exception("defect", extra={"route": "/query", "method": "POST"})
        failure = ServiceFailure("this is our defect", hint="quote the request id to whoever runs it")
        return [error_event(request, failure)]
    said = [event("sentence", sentence.model_dump_json()) for sentence in answer.sentences]
    cited = answer.model_dump_json(include={"citations", "sources"})
    return [*said, event("citations", cited), event("done", answer.model_dump_json())]


def error_event(request: Request, error: CasewrightError) -> bytes:
    """An error as the last event of a stream; counted as the request's."""
    request.scope["casewright.error"] = error.kind
    detail = ErrorDetail(
        type=error.kind, message=error.message, hint=error.hint, request_id=request_id() or "none"
    )
    return event("error", ErrorAnswer(error=detail).model_dump_json())
