"""POST /ingest and its jobs: files and texts into a case, read while nobody waits on the line."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, Response

from casewright.api.knowledge import (
    CASE_PATTERN,
    MAX_FILES,
    CaseId,
    IngestAnswer,
    IngestJob,
    IngestRequest,
)
from casewright.errors import InvalidRequest, NotFound, UnprocessableRequest, UnsupportedMedia
from casewright.knowledge.ingest.intake import Upload
from casewright.services.kit.app import ERRORS
from casewright.services.kit.events import ALIVE, EventStream, event
from casewright.services.kit.uploads import read_form
from casewright.services.rag.cases import Cases
from casewright.services.rag.shown import shown_job

_CASE = TypeAdapter(CaseId)
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MAX_NAME_CHARS = 255
MAX_PASSWORD_CHARS = 1000
_FORM = {
    "type": "object",
    "required": ["case_id", "files"],
    "properties": {
        "case_id": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}$"},
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1},
        "password": {"type": "string", "maxLength": MAX_PASSWORD_CHARS},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": {"$ref": "#/components/schemas/IngestRequest"}},
        },
    }
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": ERRORS[500]["model"], "description": "There is none of that id"}
}
LOOKING: dict[int | str, dict[str, Any]] = {
    **{status: ERRORS[status] for status in (401, 403, 421, 422, 500, 503)},
    **MISSING,
}
_EVENTS: dict[str, Any] = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

CaseOfJob = Annotated[str | None, Query(pattern=CASE_PATTERN, description="The case that it is of")]

router = APIRouter(tags=["knowledge"])


@router.post("/ingest", status_code=202, response_model=IngestAnswer, responses=ERRORS, openapi_extra=_BODY)
async def ingest(request: Request) -> Response:
    """Files (a form) or texts (JSON) into a case; the answer comes when they are safe on disk.

    The same bytes again are the same document, and nothing is done; another content under the same name is a
    new version, which takes the older one's place when it is ready. ``password`` opens the files of the form;
    it is kept in memory alone.
    """
    cases: Cases = request.app.state.cases
    cases.intake.check()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        asked = _texts(await request.body())
        uploads = [
            Upload(_name(text.name), io.BytesIO(text.text.encode()), given=True) for text in asked.texts
        ]
        return await _take(cases, asked.case_id, uploads)
    if kind == "multipart/form-data":
        form = await read_form(request, cases.forms, max_files=MAX_FILES + 1, max_fields=8)
        async with AsyncExitStack() as closing:
            closing.push_async_callback(form.close)
            case_id, files = _files(form)
            password = _password(form)
            uploads = [Upload(_name(file.filename), file.file, password=password) for file in files]
            return await _take(cases, case_id, uploads)
    raise UnsupportedMedia(
        f"{kind or 'a body without a type'} is not taken here", hint="send multipart/form-data or JSON"
    )


@router.get("/jobs/{job_id}", response_model=IngestJob, responses=LOOKING)
async def job(request: Request, job_id: str, case_id: CaseOfJob = None) -> IngestJob:
    """A job, its documents, and how far each is; with ``case_id`` only if it is that case's."""
    cases: Cases = request.app.state.cases
    return shown_job(await cases.job(job_id, case_id))


@router.get("/jobs/{job_id}/events", response_class=Response, responses={**LOOKING, 200: _EVENTS})
async def events(request: Request, job_id: str, case_id: CaseOfJob = None) -> Response:
    """A job's progress: ``progress`` at each change, then ``done`` or ``failed``; over by itself."""
    cases: Cases = request.app.state.cases
    await cases.job(job_id, case_id)
    cases.streams.check()
    return EventStream(_told(cases, job_id), cases.streams)


async def _told(cases: Cases, job_id: str) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(cases.intake.watch(job_id, cases.config.heartbeat_s)) as states:
            async for found in states:
                if found is None:
                    yield ALIVE
                    continue
                shown = shown_job(found)
                name = shown.status if shown.ended is not None else "progress"
                yield event(name, shown.model_dump_json())
    except NotFound:
        return  # it was forgotten while somebody listened: there is no more to tell


async def _take(cases: Cases, case_id: str, uploads: list[Upload]) -> Response:
    job, notes = await cases.take(case_id, uploads)
    answer = IngestAnswer(job=shown_job(job), notes=notes)
    return JSONResponse(answer.model_dump(mode="json"), 202, {"Location": answer.job.links["self"]})


def _texts(body: bytes) -> IngestRequest:
    try:
        return IngestRequest.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        if any(item["type"] == "json_invalid" for item in found):
            raise InvalidRequest("the body is not JSON", hint="send one JSON object in UTF-8") from error
        located = [{**item, "loc": ("body", *item["loc"])} for item in found]
        raise RequestValidationError(located) from error


def _files(form: FormData) -> tuple[str, list[UploadFile]]:
    unknown = sorted(set(form.keys()) - {"case_id", "files", "password"})
    if unknown:
        raise UnprocessableRequest(
            f"{_name(unknown[0])[:60]}: there is no such field",
            hint="the fields are case_id, files and password",
        )
    named = form.getlist("case_id")
    files = [found for found in form.getlist("files") if isinstance(found, UploadFile)]
    if len(named) != 1 or not isinstance(named[0], str):
        raise UnprocessableRequest("case_id: one is needed", hint="say which case the files belong to")
    if not files or len(files) != len(form.getlist("files")):
        raise UnprocessableRequest("files: at least one file is needed", hint="send files, not text fields")
    if len(files) > MAX_FILES:
        raise UnprocessableRequest(f"files: {MAX_FILES} are the most", hint="send the others separately")
    try:
        return _CASE.validate_python(named[0]), files
    except ValidationError as error:
        raise UnprocessableRequest(
            "case_id: letters, digits, '.', '_' and '-', at most 100, the first a letter or digit",
            hint="choose another name for the case",
        ) from error


def _password(form: FormData) -> str | None:
    """What opens the files; None where nothing is needed.

    Raises:
        UnprocessableRequest: it is none.
    """
    given = form.getlist("password")
    if not given or given == [""]:
        return None
    if len(given) > 1 or not isinstance(given[0], str) or len(given[0]) > MAX_PASSWORD_CHARS:
        raise UnprocessableRequest(
            f"password: one, of at most {MAX_PASSWORD_CHARS} characters",
            hint="send files with other passwords separately",
        )
    return given[0]


def _name(name: str | None) -> str:
    """A file's name as it may be shown: its last part, no control or direction characters; never a path."""
    last = _UNSHOWABLE.sub("", name or "").replace("\\", "/").rsplit("/", 1)[-1].strip()
    return last[-MAX_NAME_CHARS:] or "unnamed"
