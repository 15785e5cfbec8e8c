"""Cases and their documents: what there is, what a search finds of it, and its erasure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from casewright.api.contract import ErrorAnswer, Timings
from casewright.api.knowledge import (
    CASE_PATTERN,
    MAX_HITS,
    CaseList,
    CaseOut,
    ErasureAnswer,
    ErasureList,
    IndexedDocument,
    IndexedDocuments,
    IngestJob,
    ReindexProgress,
    SearchAnswer,
    SearchMode,
)
from casewright.api.rag import MAX_QUERY_CHARS
from casewright.errors import CasewrightError
from casewright.observability.context import request_id
from casewright.services.kit.events import ALIVE, EventStream, event
from casewright.services.rag.cases import Cases
from casewright.services.rag.ingest import LOOKING, MAX_PASSWORD_CHARS
from casewright.services.rag.shown import shown_case, shown_document, shown_erasure, shown_job
from casewright.services.rag.stream import error_event, shown_hit

MAX_OFFSET = 10_000_000
CasePath = Annotated[str, Path(max_length=200)]
CaseQuery = Annotated[str, Query(pattern=CASE_PATTERN, description="The case; there is no search beyond one")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET)]
Limit = Annotated[int, Query(ge=1, le=200)]
Password = Annotated[str | None, Form(max_length=MAX_PASSWORD_CHARS)]
_NOT_YET: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorAnswer, "description": "Only a document that failed is tried again"}
}

router = APIRouter(tags=["knowledge"])


@router.get("/cases", response_model=CaseList, responses=LOOKING)
async def cases(request: Request, limit: Limit = 50, offset: Offset = 0) -> CaseList:
    """The cases there are."""
    found = sorted(await asyncio.to_thread(_cases(request).library.cases), key=lambda case: case.id)
    shown = tuple(map(shown_case, found[offset : offset + limit]))
    return CaseList(cases=shown, total=len(found), offset=offset)


@router.get("/cases/{case_id}", response_model=CaseOut, responses=LOOKING)
async def case(request: Request, case_id: CasePath) -> CaseOut:
    """One case."""
    return shown_case(await asyncio.to_thread(_cases(request).library.record, case_id))


@router.delete("/cases/{case_id}", response_model=ErasureAnswer, responses=LOOKING)
async def delete_case(request: Request, case_id: CasePath) -> ErasureAnswer:
    """Erase a case and everything in it; the certificate says store by store what is gone."""
    return shown_erasure(await _cases(request).erase_case(case_id))


@router.get("/cases/{case_id}/documents", response_model=IndexedDocuments, responses=LOOKING)
async def documents(
    request: Request, case_id: CasePath, limit: Limit = 50, offset: Offset = 0
) -> IndexedDocuments:
    """A case's documents, newest first."""
    library = _cases(request).library
    known = await asyncio.to_thread(library.record, case_id)
    found = await asyncio.to_thread(library.documents, case_id, (), limit, offset)
    total = sum(known.documents.values())
    return IndexedDocuments(documents=tuple(map(shown_document, found)), total=total, offset=offset)


@router.get("/documents/{document_id}", response_model=IndexedDocument, responses=LOOKING)
async def document(request: Request, document_id: str, case_id: CaseQuery) -> IndexedDocument:
    """A document of a case; that of another case is not there."""
    record = await asyncio.to_thread(_cases(request).library.document, case_id, document_id)
    return shown_document(record)


@router.delete("/documents/{document_id}", response_model=ErasureAnswer, responses=LOOKING)
async def delete_document(request: Request, document_id: str, case_id: CaseQuery) -> ErasureAnswer:
    """Erase a document; the certificate says store by store what is gone."""
    return shown_erasure(await _cases(request).erase_document(case_id, document_id))


@router.post(
    "/documents/{document_id}/retry",
    status_code=202,
    response_model=IngestJob,
    responses={**LOOKING, **_NOT_YET},
)
async def retry(
    request: Request, document_id: str, case_id: CaseQuery, password: Password = None
) -> IngestJob:
    """Begin anew with a document that failed; its upload is still here. ``password`` (a form) opens it."""
    return shown_job(await _cases(request).intake.retry(case_id, document_id, password or None))


@router.get("/erasures", response_model=ErasureList, responses=LOOKING)
async def erasures(
    request: Request, *, pending: bool = False, limit: Limit = 50, offset: Offset = 0
) -> ErasureList:
    """Certificates of erasure; ``pending``: only those that are not complete, which are tried again."""
    library = _cases(request).library
    found = await asyncio.to_thread(lambda: library.erasures(pending=pending, limit=limit, offset=offset))
    total = await asyncio.to_thread(lambda: library.erased.count(pending=pending))
    return ErasureList(erasures=tuple(map(shown_erasure, found)), total=total, offset=offset)


@router.post(
    "/cases/{case_id}/reindex",
    response_class=Response,
    responses={
        **LOOKING,
        **_NOT_YET,
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
    },
)
async def reindex(request: Request, case_id: CasePath) -> Response:
    """Make a case's index anew with the embedding in use: ``progress``, then ``done`` or ``error``.

    Searches and answers use the old one meanwhile. Leaving ends it, and changes nothing.
    """
    found = _cases(request)
    await found.check(case_id)
    found.tools.model()
    return EventStream(_reindexed(request, found, case_id), found.streams)


async def _reindexed(request: Request, found: Cases, case_id: str) -> AsyncGenerator[bytes]:
    said = ReindexProgress(done=0, total=0)
    try:
        async with aclosing(found.reindexed(case_id)) as progress:
            async for told in progress:
                if told is None:
                    yield ALIVE
                    continue
                said = ReindexProgress(done=told[0], total=told[1])
                yield event("progress", said.model_dump_json())
    except CasewrightError as error:
        yield error_event(request, error)
        return
    yield event("done", said.model_dump_json())


@router.get("/search", response_model=SearchAnswer, responses=LOOKING)
async def search(
    request: Request,
    case_id: CaseQuery,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY_CHARS, pattern=r"\S")],
    limit: Annotated[int, Query(ge=1, le=MAX_HITS)] = 10,
    mode: SearchMode = "hybrid",
) -> SearchAnswer:
    """What POST /query would see of a case, with each way's scores: the same search."""
    began = time.perf_counter()
    found = _cases(request)
    async with request.app.state.gate.admitted():
        result = await found.search(case_id, q, limit=limit, mode=mode)
        unread = await found.unread(case_id)
    total = round((time.perf_counter() - began) * 1000, 2)
    return SearchAnswer(
        case_id=case_id,
        query=q,
        mode=mode,
        hits=tuple(map(shown_hit, result.hits)),
        chunks=result.chunks,
        unread=tuple(each.name for each in unread),
        warnings=result.warnings,
        timings=Timings(total_ms=total, parts=result.parts),
        request_id=request_id() or "none",
    )


def _cases(request: Request) -> Cases:
    found: Cases = request.app.state.cases
    return found
