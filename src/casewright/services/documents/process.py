"""POST /process: the answer comes when the file is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, UploadFile
from starlette.responses import Response

from casewright.api.contract import Timings
from casewright.api.documents import ProcessResponse, StoredDocument
from casewright.documents.store import DocumentStore, Upload
from casewright.observability.context import request_id
from casewright.services.documents.desk import Bounds, Desk, Outcome
from casewright.services.documents.form import FormRoute
from casewright.services.documents.places import Places
from casewright.services.documents.upload import Asked, asked_from, shown_name
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS

Result = TypeVar("Result")
# As proxies log it; nobody is left to read the answer.
CALLER_GONE = 499

router = APIRouter(tags=["documents"], route_class=FormRoute)


@router.post("/process", response_model=ProcessResponse, responses=ERRORS)
async def process(
    request: Request, file: UploadFile, asked: Annotated[Asked, Depends(asked_from)]
) -> Response:
    """Read a file, by its content and not by its name. What takes longer belongs to POST /jobs."""
    state = request.app.state
    desk: Desk = state.desk
    store: DocumentStore = state.store
    began = time.monotonic()
    keep = desk.keeping(asked.keep)
    state.places.check()
    upload = await asyncio.to_thread(store.take, file.file)
    stored_ms = round(1000 * (time.monotonic() - began), 1)
    outcome: Outcome | None = None
    try:
        record = desk.record(upload, shown_name(file.filename or ""), keep)
        outcome = await _while_asked(request, _read(desk, state.places, upload, record, asked))
    finally:
        if outcome is None or not outcome.kept:
            await asyncio.to_thread(store.discard, upload.id)
    if outcome is None:
        return Response(status_code=CALLER_GONE)
    total_ms = round(1000 * (time.monotonic() - began), 1)
    timings = Timings(total_ms=total_ms, parts={"store": stored_ms, **outcome.parts})
    # long files make long answers: writing one out is not to hold up the others
    return await asyncio.to_thread(lambda: send(request, answer(outcome, timings)))


async def _read(desk: Desk, places: Places, upload: Upload, record: StoredDocument, asked: Asked) -> Outcome:
    bounds = Bounds(desk.config.sync_s, desk.config.sync_pages)
    outcome = await desk.read(upload, record, asked, bounds=bounds, place=places.caller())
    if record.keep != "no":
        with outcome.timed("keep"):
            await desk.keep(outcome)
    return outcome


def answer(outcome: Outcome, timings: Timings) -> ProcessResponse:
    """What was read, as the contract has it."""
    record = outcome.record
    return ProcessResponse(
        **{name: getattr(outcome.reading, name) for name in type(outcome.reading).model_fields},
        filename=record.filename,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        document_id=record.document_id if outcome.kept else None,
        descriptions=outcome.descriptions,
        timings=timings,
        request_id=request_id() or "",
    )


async def _while_asked(request: Request, work: Awaitable[Result]) -> Result | None:
    """The result of ``work``; None if the caller hangs up first, then ``work`` is cancelled."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
