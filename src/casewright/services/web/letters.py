"""A letter out of meeting notes, each sentence beside the lines it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.api.notes import (
    MAX_NAME_CHARS,
    MAX_NOTES_CHARS,
    ConvertRequest,
    ConvertResponse,
    Section,
    Sentence,
)
from casewright.errors import CasewrightError
from casewright.services.web.forms import Form
from casewright.services.web.state import of
from casewright.services.web.view import page, told_status

router = APIRouter()

SECTIONS: tuple[tuple[Section, str], ...] = (
    ("matters_discussed", "Matters discussed"),
    ("our_actions", "Our actions"),
    ("your_actions", "Your actions"),
)


@dataclass(slots=True)
class Meeting:
    """What the form holds."""

    notes: str = ""
    client_name: str = ""
    meeting_date: str = ""

    def problems(self) -> dict[str, str]:
        """What keeps the letter from being written, by field."""
        found = {}
        if not self.notes.strip():
            found["notes"] = "Paste the notes of the meeting."
        elif len(self.notes) > MAX_NOTES_CHARS:
            found["notes"] = f"The notes are longer than {MAX_NOTES_CHARS} characters."
        if not self.client_name:
            found["client_name"] = "Write the client's name as the letter should address it."
        elif len(self.client_name) > MAX_NAME_CHARS or "\n" in self.client_name:
            found["client_name"] = f"A name is one line of at most {MAX_NAME_CHARS} characters."
        if self.meeting_date and self.date is None:
            found["meeting_date"] = "Write the date as 2026-03-31, or leave it empty."
        return found

    @property
    def date(self) -> date | None:
        """The meeting's date; None where it is not given or is none."""
        try:
            return date.fromisoformat(self.meeting_date)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the notes as it is shown. ``state``: used, unsure, left (out), missing (nobody
    accounts for it) or empty (no words).
    """

    number: int
    text: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The answer, arranged for the page."""

    answer: ConvertResponse
    lines: list[Line]
    sections: list[tuple[str, list[Sentence]]]


@router.get("/notes")
async def notes_form(request: Request) -> Response:
    """The empty form."""
    return _page(request, Meeting())


@router.post("/notes")
async def convert(request: Request) -> Response:
    """Convert and show the letter beside its notes."""
    async with Form.read(request) as form, request.app.state.gate.admitted():
        meeting = Meeting(
            form.text("notes"), form.text("client_name").strip(), form.text("meeting_date").strip()
        )
        problems = meeting.problems()
        if problems:
            return _page(request, meeting, 422, problems=problems)
        asked = ConvertRequest(
            notes=meeting.notes, client_name=meeting.client_name, meeting_date=meeting.date
        )
        try:
            answer = await of(request).client.convert(asked)
        except CasewrightError as error:
            return _page(request, meeting, told_status(error), error=error)
    return _page(request, meeting, letter=arrange(meeting.notes, answer))


def arrange(notes: str, answer: ConvertResponse) -> Letter:
    """The notes' lines with what became of each, and the sentences by section."""
    used = {number for sentence in answer.sentences for number in sentence.lines}
    left = {one.line: one.reason for one in answer.checks.left_out}
    unsure = set(answer.checks.unsure_lines)
    lines = [
        Line(number, text, _state(number, text, used, left, unsure), left.get(number, ""))
        for number, text in enumerate(notes.split("\n"), 1)
    ]
    while lines and not lines[-1].text.strip():
        lines.pop()
    by_section = [(title, [s for s in answer.sentences if s.section == name]) for name, title in SECTIONS]
    return Letter(answer, lines, by_section)


def _state(number: int, text: str, used: set[int], left: dict[int, str], unsure: set[int]) -> str:
    if not text.strip():
        return "empty"
    if number in left:
        return "left"
    if number in unsure:
        return "unsure"
    return "used" if number in used else "missing"


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
    )
