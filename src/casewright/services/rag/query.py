"""POST /query: an answer with citations, from the documents in the request or from one case."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.api.contract import Strategy
from casewright.api.rag import MAX_DOCUMENT_CHARS, QueryRequest, QueryResponse
from casewright.errors import NotFound, StorageError, UnprocessableRequest
from casewright.knowledge.answer import Decision
from casewright.knowledge.compose import Asking, compose
from casewright.knowledge.sources import Source, from_hits, from_texts
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS
from casewright.services.kit.events import EventStream
from casewright.services.llm import LanguageModel, Lease
from casewright.services.rag.respond import Asked, respond
from casewright.services.rag.stream import Teller, nobody, streamed

# So many passages of a case are looked at closely.
PASSAGES = 12
_EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}
_SAID: dict[int | str, dict[str, Any]] = {
    status: ERRORS[status] for status in (400, 401, 403, 408, 413, 421, 422, 500, 503)
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": ERRORS[500]["model"], "description": "There is no such case"}
}

router = APIRouter(tags=["rag"])


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={**_SAID, **_NOT_FOUND, 200: {"content": _EVENTS}},
)
async def query(asked: QueryRequest, request: Request) -> Response:
    """Answer with citations; ``grounded`` false where the documents do not say.

    From the documents in the request, or from those of ``case_id``. With ``stream`` as server-sent events.
    """
    _check_sizes(asked)
    state = request.app.state
    if asked.case_id is not None:
        if getattr(state, "cases", None) is None:
            raise NotFound("there is no such case", hint="this service keeps no documents; send them along")
        if asked.stream:  # a stream that has begun can no longer say 404; the search says it otherwise
            await state.cases.check(asked.case_id)
    if asked.stream:
        return EventStream(streamed(request, lambda tell: answered(asked, state, tell)))
    return send(request, await answered(asked, state, nobody), counted=True)


async def answered(asked: QueryRequest, state: Any, tell: Teller) -> QueryResponse:
    """The answer; ``tell`` hears of the passages as soon as there are any."""
    about = Asked(asked, time.perf_counter())
    async with state.gate.admitted(), contextlib.AsyncExitStack() as held:
        searched = asyncio.ensure_future(_sources(asked, state, about, tell))
        try:
            lease, warnings = await _lease(asked, state.llm, held)
            sources = await searched
        finally:
            searched.cancel()
        about.lease, about.strategy = lease, _strategy(asked, lease)
        about.warnings.extend(warnings)

        async def decided(
            text: str, documents: Sequence[str], closeness: Mapping[str, float] | None = None
        ) -> Decision:
            reading = time.perf_counter()
            decision: Decision = await state.readers.decide(text, documents, closeness)
            about.took("read", reading)
            return decision

        asking = None
        if lease is not None and about.strategy != "extractive":
            if asked.strategy == "auto":
                lease.keep_to_qualified("answer")
            context = lease.identity.context_length if lease.identity is not None else None
            asking = Asking(lease.engine, about.strategy, context, state.config.model_s)
        composing = time.perf_counter()
        meaning = state.cases.meaning() if asked.case_id is not None else None
        found = await compose(asked.query, sources, asking, decided=decided, embedder=meaning)
        if found.asked:
            about.took("model", composing, less="read")
        answer = respond(about, found)
        state.answer_metrics.count(answer, asked=found.asked)
        return answer


async def _sources(asked: QueryRequest, state: Any, about: Asked, tell: Teller) -> tuple[Source, ...]:
    """What the answer may be taken from."""
    if asked.documents is not None:
        return from_texts(asked.documents)
    searching = time.perf_counter()
    found, unread = await asyncio.gather(
        state.cases.search(asked.case_id, asked.query, limit=PASSAGES), state.cases.unread(asked.case_id)
    )
    about.took("search", searching)
    about.unread = unread
    about.warnings.extend(found.warnings)
    await tell.passages(found.hits)
    return from_hits(found.hits)


def _check_sizes(asked: QueryRequest) -> None:
    for place, text in enumerate(asked.documents or ()):
        if len(text) > MAX_DOCUMENT_CHARS:
            raise UnprocessableRequest(
                f"documents.{place}: {len(text)} characters, and {MAX_DOCUMENT_CHARS} are the most",
                hint="cut it into several documents",
            )


async def _lease(
    asked: QueryRequest, llm: LanguageModel, held: contextlib.AsyncExitStack
) -> tuple[Lease | None, list[str]]:
    """The engine in charge; none where the request does not want one, or nobody can say which it is."""
    if asked.strategy == "extractive":
        return None, []
    try:
        return await held.enter_async_context(llm.lease()), []
    except StorageError as error:
        return None, [f"the engine in charge is not known ({error.kind}): {error.message}"]


def _strategy(asked: QueryRequest, lease: Lease | None) -> Strategy:
    """How the model is asked: as its qualification allows, or as the request says."""
    if lease is None:
        return "extractive"
    return lease.strategy("answer") if asked.strategy == "auto" else asked.strategy
