"""A letter out of meeting notes, each sentence beside its lines; a person's word on it; its files."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import cast, get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.api.notes import (
    FILE_NAMES,
    MAX_NAME_CHARS,
    MAX_NOTE_CHARS,
    ExportFormat,
    ExportParts,
    Template,
    Tone,
)
from casewright.errors import CasewrightError, NotFound
from casewright.services.web.forms import Form
from casewright.services.web.letter_keep import Kept, Meeting, unpacked
from casewright.services.web.letter_view import MARK_SIZES, Letter, arrange, marking
from casewright.services.web.state import of
from casewright.services.web.view import HEADERS, page, redirect, told_status

router = APIRouter()

MEDIA_TYPES: dict[ExportFormat, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


@router.get("/notes")
async def notes_form(request: Request) -> Response:
    """The empty form."""
    return _page(request, Meeting())


@router.post("/notes")
async def convert(request: Request) -> Response:
    """Convert and show the letter beside its notes."""
    async with Form.read(request) as form, request.app.state.gate.admitted():
        meeting = _meeting(form)
        problems = meeting.problems()
        if problems:
            return _page(request, meeting, 422, problems=problems)
        try:
            answer = await of(request).client.convert(meeting.request())
        except CasewrightError as error:
            return _page(request, meeting, told_status(error), error=error)
        letter = await asyncio.to_thread(arrange, meeting, answer)
    return _page(request, meeting, letter=letter)


@router.post("/notes/confirm")
async def confirm(request: Request) -> Response:
    """Keep a person's word that the letter may leave, and show it."""
    async with Form.read(request) as form, request.app.state.gate.admitted():
        kept = await asyncio.to_thread(unpacked, form.text("kept"))
        name, note = form.text("confirmed_by").strip(), form.text("note").strip()
        problems: dict[str, str] = {}
        found, failure = kept.confirmation, None
        if not name:
            problems["confirmed_by"] = "Write your name: it is kept with the letter."
        elif len(name) > MAX_NAME_CHARS or "\n" in name:
            problems["confirmed_by"] = f"A name is one line of at most {MAX_NAME_CHARS} characters."
        else:
            try:
                found = await of(request).client.confirm(kept.answer, name, note[:MAX_NOTE_CHARS] or None)
            except CasewrightError as error:
                failure = error
        letter = await asyncio.to_thread(arrange, kept.meeting, kept.answer, found)
    status = 422 if problems else 200 if failure is None else told_status(failure)
    return _page(request, kept.meeting, status, problems=problems, error=failure, letter=letter)


@router.post("/notes/export")
async def export(request: Request) -> Response:
    """The letter as a file to save; without ``parts=all`` in the address, the letter alone."""
    async with Form.read(request) as form, request.app.state.gate.admitted():
        kept = await asyncio.to_thread(unpacked, form.text("kept"))
        kind: ExportFormat = "pdf" if form.text("format") == "pdf" else "docx"
        parts: ExportParts = "all" if request.query_params.get("parts") == "all" else "letter"
        try:
            content = await of(request).client.export(kept.answer, kind, kept.meeting.notes, parts)
        except CasewrightError as error:
            letter = await asyncio.to_thread(arrange, kept.meeting, kept.answer, kept.confirmation)
            return _page(request, kept.meeting, told_status(error), error=error, letter=letter)
    headers = HEADERS | {
        "Content-Disposition": f'attachment; filename="{file_name(kept, parts)}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=MEDIA_TYPES[kind])


@router.get("/notes/confirm")
@router.get("/notes/export")
async def back() -> Response:
    """Whoever opens the address of a form is led to the page that has it."""
    return redirect("/notes")


@router.get("/notes/marks/{count}.css")
async def marks(count: str) -> Response:
    """The style sheet that marks a sentence's lines; there is one for each size of letter."""
    known = {str(size): size for size in MARK_SIZES}
    if count not in known:
        raise NotFound("there is no such style sheet", hint="open /notes")
    headers = HEADERS | {"Cache-Control": "private, max-age=86400"}
    return Response(marking(known[count]), headers=headers, media_type="text/css")


def file_name(kept: Kept, parts: ExportParts) -> str:
    """A name that every system takes, from what it is, the client's name and the meeting's day."""
    bare = unicodedata.normalize("NFKD", kept.meeting.client_name).encode("ascii", "ignore").decode()
    plain = "".join(char if char.isalnum() else " " for char in bare)
    return "-".join([FILE_NAMES[parts], *plain.split()[:4], *filter(None, [kept.meeting.meeting_date])])[:80]


def _meeting(form: Form) -> Meeting:
    tone, template = form.text("tone"), form.text("template")
    return Meeting(
        notes=form.text("notes"),
        client_name=form.text("client_name").strip(),
        meeting_date=form.text("meeting_date").strip(),
        adviser=form.text("adviser").strip(),
        tone=cast(Tone, tone) if tone in get_args(Tone) else "plain",
        template=cast(Template, template) if template in get_args(Template) else "standard",
        reading_age=form.text("reading_age").strip(),
    )


def _page(
    request: Request,
    meeting: Meeting,
    status: int = 200,
    *,
    problems: dict[str, str] | None = None,
    error: CasewrightError | None = None,
    letter: Letter | None = None,
) -> Response:
    return page(
        request,
        "notes.html",
        status,
        meeting=meeting,
        problems=problems or {},
        error=error,
        letter=letter,
        ages=range(8, 19),
    )
