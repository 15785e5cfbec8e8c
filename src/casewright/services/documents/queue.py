"""/jobs: files that are read while nobody waits on the line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, UploadFile
from pydantic import TypeAdapter
from starlette.responses import JSONResponse, Response

from casewright.api.contract import ErrorAnswer, Timings
from casewright.api.documents import (
    DescriptionOut,
    JobError,
    JobList,
    JobOut,
    ProcessResponse,
    Reading,
)
from casewright.documents.jobs import ACTIVE, Job
from casewright.documents.store import DESCRIPTIONS, READING, DocumentStore, stamp
from casewright.errors import CasewrightError, NotFound, NotReady, ServiceFailure, every_error
from casewright.services.documents.desk import Desk, Outcome
from casewright.services.documents.events import told
from casewright.services.documents.form import FormRoute, Route
from casewright.services.documents.process import answer
from casewright.services.documents.runner import Runner
from casewright.services.documents.stored import Limit, Offset
from casewright.services.documents.upload import LOOKING, Asked, asked_from, shown_name
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS
from casewright.services.kit.events import EventStream

_EVENTS: dict[str, Any] = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
_NOT_YET: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorAnswer, "description": "The job is not done; ask again later"}
}
# What a failed job answers instead of a result is the error of its file.
_FAILED: dict[int | str, dict[str, Any]] = {status: ERRORS[status] for status in (413, 415)}

router = APIRouter(tags=["jobs"], route_class=Route)
forms = APIRouter(tags=["jobs"], route_class=FormRoute)


@forms.post("/jobs", status_code=202, response_model=JobOut, responses=ERRORS)
async def submit(
    request: Request, file: UploadFile, asked: Annotated[Asked, Depends(asked_from)]
) -> Response:
    """Have a file read; the answer comes at once, when the file is safe on disk."""
    desk: Desk = request.app.state.desk
    store: DocumentStore = request.app.state.store
    runner = _runner(request)
    keep = desk.keeping(asked.keep)
    runner.check()
    upload = await asyncio.to_thread(store.take, file.file)
    record = desk.record(upload, shown_name(file.filename or ""), keep)
    try:
        job = await runner.submit(upload, record, asked)
    except BaseException:
        await asyncio.to_thread(store.discard, upload.id)
        raise
    found = shown(job)
    return JSONResponse(found.model_dump(mode="json"), 202, {"Location": found.links["self"]})


@router.get("/jobs", response_model=JobList, responses=LOOKING)
async def jobs(request: Request, limit: Limit = 50, offset: Offset = 0) -> JobList:
    """Jobs, newest first."""
    found, total = await _runner(request).recent(limit, offset)
    return JobList(jobs=tuple(map(shown, found)), total=total, offset=offset)


@router.get("/jobs/{job_id}", response_model=JobOut, responses=LOOKING)
async def job(request: Request, job_id: str) -> JobOut:
    """A job as it is now."""
    return shown(await _runner(request).get(job_id))


@router.get(
    "/jobs/{job_id}/events",
    response_class=Response,
    responses={**LOOKING, 200: _EVENTS},
)
async def events(
    request: Request, job_id: str, last_event_id: Annotated[str | None, Header(max_length=64)] = None
) -> Response:
    """A job's progress: ``progress`` for each page, then ``done``, ``failed`` or ``cancelled``."""
    runner = _runner(request)
    await runner.get(job_id)
    runner.streams.check()
    pieces = told(runner, job_id, last_event_id, lambda found: shown(found).model_dump_json())
    return EventStream(pieces, runner.streams)


@router.get(
    "/jobs/{job_id}/result", response_model=ProcessResponse, responses={**LOOKING, **_NOT_YET, **_FAILED}
)
async def result(request: Request, job_id: str) -> Response:
    """What was read, as POST /process would have answered; the file's error where it could not be read."""
    found = await _runner(request).get(job_id)
    if found.status in ACTIVE:
        raise NotReady(f"this job is {found.status}", hint="wait for it: GET /jobs/{id}/events says when")
    if found.status == "failed":
        raise _error_of(found)
    if found.status == "cancelled":
        raise NotFound("this job was cancelled, so there is no result", hint="send the file again")
    return await asyncio.to_thread(_answer, request, found)


@router.post("/jobs/{job_id}/cancel", response_model=JobOut, responses=LOOKING)
async def cancel(request: Request, job_id: str) -> JobOut:
    """End a job: its worker is killed, its upload removed. One that is ended stays as it is."""
    return shown(await _runner(request).cancel(job_id))


@router.delete("/jobs/{job_id}", response_model=JobOut, responses=LOOKING)
async def delete(request: Request, job_id: str) -> JobOut:
    """Cancel a job that is not ended; forget one that is (what was read stays under /documents)."""
    runner = _runner(request)
    before = await runner.get(job_id)
    if before.status in ACTIVE:
        return shown(await runner.cancel(job_id))
    await runner.forget(job_id)
    return shown(before)


def shown(job: Job) -> JobOut:
    """A job as the contract has it."""
    error = None
    if job.status == "failed":
        error = JobError(type=job.error_kind, message=job.error_message, hint=job.error_hint)
    here = f"/jobs/{job.id}"
    links = {"self": here, "events": f"{here}/events"}
    if job.status == "done":
        links |= {"result": f"{here}/result", "document": f"/documents/{job.document_id}"}
    return JobOut(
        job_id=job.id,
        document_id=job.document_id if job.status in (*ACTIVE, "done") else None,
        filename=job.filename,
        status=job.status,
        pages_done=job.pages_done,
        pages_total=job.pages_total,
        attempts=job.attempts,
        created=_moment(job.created),
        started=None if job.started is None else _moment(job.started),
        ended=None if job.ended is None else _moment(job.ended),
        reason=job.error_message,
        error=error,
        links=links,
    )


def _answer(request: Request, job: Job) -> Response:
    store: DocumentStore = request.app.state.store
    record = store.get(job.document_id)
    raw = store.read(job.document_id, READING)
    if raw is None:
        raise NotFound("what was read of this file is gone", hint="send it again")
    described = store.read(job.document_id, DESCRIPTIONS) or b"[]"
    outcome = Outcome(
        Reading.model_validate_json(raw), record, _descriptions(described), kept=record.keep != "no"
    )
    took = (job.ended or job.created) - job.created
    waited = (job.started or job.created) - job.created
    parts = {"queue": round(1000 * waited, 1), "convert": round(1000 * (took - waited), 1)}
    return send(request, answer(outcome, Timings(total_ms=round(1000 * took, 1), parts=parts)))


def _descriptions(raw: bytes) -> tuple[DescriptionOut, ...]:
    return TypeAdapter(tuple[DescriptionOut, ...]).validate_json(raw)


def _error_of(job: Job) -> CasewrightError:
    kind = every_error().get(job.error_kind, ServiceFailure)
    return kind(job.error_message, hint=job.error_hint)


def _moment(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


def _runner(request: Request) -> Runner:
    runner: Runner = request.app.state.runner
    return runner
