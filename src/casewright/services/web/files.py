"""A file as Markdown, page by page, with how each page was read; every line on the page it came from."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from casewright.api.document_calls import FileSent, ReadAs
from casewright.api.documents import DocumentAnswer, JobOut, Keep, PageOut, ProcessResponse
from casewright.errors import CasewrightError, NotFound, every_error
from casewright.services.web.forms import Form, file_name
from casewright.services.web.state import of
from casewright.services.web.view import HEADERS, page, redirect, told_status
from casewright.services.web.viewer import ShownPage, lines_of, notes_of, show_pages

router = APIRouter()
KEEPS = ("default", "no", "until_deleted")


@dataclass(slots=True)
class FilePage:
    """What the page shows: the form, and the file that was read now or before."""

    problem: str = ""
    error: CasewrightError | None = None
    found: ProcessResponse | DocumentAnswer | None = None
    shown: list[ShownPage] = field(default_factory=list)
    name: str = ""
    deleted: str = ""


@router.get("/file")
async def file_form(request: Request) -> Response:
    """The empty form."""
    return _page(
        request, FilePage(deleted="The file was deleted." if "deleted" in request.query_params else "")
    )


@router.post("/file")
async def process(request: Request) -> Response:
    """Read the file and show it; one that is to be read in the background has a page of its own."""
    client = of(request).client
    async with Form.read(request) as form, request.app.state.gate.admitted():
        upload = form.file("file")
        if upload is None:
            return _page(request, FilePage(problem="Choose a file."), 422)
        sent = _sent(form, upload)
        try:
            if form.text("background"):
                job = await client.submit_job(sent)
                return redirect(f"/file/job/{job.job_id}")
            found = await client.process(sent.name, sent.content, sent.media_type, sent.read_as)
        except CasewrightError as error:
            return _page(request, FilePage(error=error, name=sent.name), told_status(error))
        shown = await asyncio.to_thread(show_pages, found.pages, found.descriptions, found.document_id)
    return _page(request, FilePage(found=found, shown=shown))


@router.get("/file/job/{job_id}")
async def job(request: Request, job_id: str) -> Response:
    """How far a file is; when it is read, its page."""
    found = await of(request).client.job(job_id)
    if found.status == "done" and found.document_id:
        return redirect(f"/file/{found.document_id}")
    return page(request, "file_job.html", job=found, error=_error_of(found))


@router.post("/file/job/{job_id}/cancel")
async def cancel(request: Request, job_id: str) -> Response:
    """End the reading of a file."""
    async with Form.read(request):
        await of(request).client.cancel_job(job_id)
    return redirect(f"/file/job/{job_id}")


@router.get("/file/{document_id}")
async def kept_file(request: Request, document_id: str) -> Response:
    """A file that is kept, as it was read."""
    found = await of(request).client.document(document_id)
    if found.reading is None:
        raise NotFound("this file is not read yet", hint="look again in a moment")
    shown = await asyncio.to_thread(show_pages, found.reading.pages, found.descriptions, found.document_id)
    return _page(request, FilePage(found=found, shown=shown))


@router.post("/file/{document_id}/delete")
async def delete(request: Request, document_id: str) -> Response:
    """Remove everything of a file."""
    async with Form.read(request):
        await of(request).client.delete_document(document_id)
    return redirect("/file?deleted")


@router.get("/file/{document_id}/original")
async def original(request: Request, document_id: str) -> Response:
    """The file itself, to be saved."""
    found = await of(request).client.document(document_id)
    content = await of(request).client.original(document_id)
    headers = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'"}
    answer = Response(content, headers=headers, media_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(found.filename)}"
    return answer


@router.get("/file/{document_id}/page/{number}.png")
async def page_image(request: Request, document_id: str, number: str) -> Response:
    """A page as it looks, with the place marked that is looked for."""
    start, end = _span(request)
    spans = [(start, end)] if start < end else []
    image = await of(request).client.page_image(document_id, _number(number), spans)
    return Response(image, headers=HEADERS, media_type="image/png")


@router.get("/file/{document_id}/page/{number}")
async def look(request: Request, document_id: str, number: str) -> Response:
    """A page beside its lines: each is a link that shows where it stands."""
    found = await of(request).client.document(document_id)
    pages = found.reading.pages if found.reading is not None else ()
    wanted = _number(number)
    if not 1 <= wanted <= min(len(pages), found.image_pages):
        raise NotFound(
            f"there is no page {wanted} of this file to look at", hint="go back to the file's text"
        )
    about: PageOut = pages[wanted - 1]
    start, end = _span(request)
    on_page = start < end and start < about.end and end > about.start
    return page(
        request,
        "page.html",
        found=found,
        about=about,
        blocks=await asyncio.to_thread(lines_of, about, start, end),
        start=start,
        end=end,
        marked=on_page,
        last=min(len(pages), found.image_pages),
    )


def _sent(form: Form, upload: UploadFile) -> FileSent:
    keep = form.text("keep")
    read_as = ReadAs(
        ocr="always" if form.text("ocr") == "always" else None,
        keep=cast(Keep, keep) if keep in KEEPS else None,
        password=form.text("password").strip("\n") or None,
    )
    return FileSent(file_name(upload), upload.file, upload.content_type or "", read_as)


def _error_of(job: JobOut) -> CasewrightError | None:
    if job.error is None:
        return None
    kind = every_error().get(job.error.type, CasewrightError)
    return kind(job.error.message, hint=job.error.hint)


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise NotFound("there is no such page", hint="pages are counted from 1")
    return int(text)


def _span(request: Request) -> tuple[int, int]:
    """The characters that are looked for; (0, 0) where that is not what the address says."""
    said = [request.query_params.get(name, "") for name in ("start", "end")]
    if not all(re.fullmatch(r"[0-9]{1,8}", text) for text in said):
        return 0, 0
    return int(said[0]), int(said[1])


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _page(request: Request, what: FilePage, status: int = 200) -> Response:
    found = what.found
    reading: Any = found.reading if isinstance(found, DocumentAnswer) else found
    return page(
        request,
        "file.html",
        status,
        problem=what.problem,
        error=what.error,
        found=found,
        reading=reading,
        answered=found if isinstance(found, ProcessResponse) else None,
        notes=notes_of(reading) if reading is not None else (),
        untold=[one for one in found.descriptions if one.reason] if found is not None else [],
        shown=what.shown,
        name=what.name,
        deleted=what.deleted,
        max_file_bytes=of(request).max_file_bytes,
    )
