"""Ask about pasted text or a file. Nothing is kept: the text goes back to the browser with the answer."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.api.document_calls import ReadAs
from casewright.api.rag import MAX_DOCUMENT_CHARS, MAX_QUERY_CHARS, QueryRequest, QueryResponse
from casewright.errors import CasewrightError
from casewright.services.web.forms import Form, file_name, tidy
from casewright.services.web.quotes import Shown, Source, read_starts, show
from casewright.services.web.state import of
from casewright.services.web.view import page, told_status

router = APIRouter()


@dataclass(slots=True)
class Ask:
    """What the form holds. ``read_*`` is the text of a file, kept in the form for the next question."""

    question: str = ""
    text: str = ""
    read_text: str = ""
    read_name: str = ""
    read_starts: tuple[int, ...] = ()

    @classmethod
    def from_form(cls, form: Form) -> Ask:
        """The fields, tidied."""
        read_text = form.text("read_text")
        return cls(
            question=form.text("question").strip(),
            text=form.text("text"),
            read_text=read_text,
            read_name=form.text("read_name")[:200],
            read_starts=read_starts(form.text("read_starts"), len(read_text)),
        )

    @property
    def starts_field(self) -> str:
        """The page offsets as the form keeps them."""
        return ",".join(map(str, self.read_starts))

    def sources(self) -> list[Source]:
        """The texts to be asked about, in the order in which they are sent."""
        pasted = [Source("the pasted text", self.text)] if self.text.strip() else []
        read = Source(self.read_name or "the file", self.read_text, self.read_starts)
        return pasted + ([read] if self.read_text.strip() else [])

    def problems(self) -> dict[str, str]:
        """What keeps the question from being asked, by field."""
        found = {}
        if not self.question:
            found["question"] = "Write a question."
        elif len(self.question) > MAX_QUERY_CHARS:
            found["question"] = f"The question is longer than {MAX_QUERY_CHARS} characters."
        if not self.sources():
            found["text"] = "Paste a text or choose a file to ask about."
        if len(self.text) > MAX_DOCUMENT_CHARS:
            found["text"] = f"The text is longer than {MAX_DOCUMENT_CHARS} characters; paste less."
        if len(self.read_text) > MAX_DOCUMENT_CHARS:
            found["file"] = f"The file has more than {MAX_DOCUMENT_CHARS} characters; send a part of it."
        return found


@router.get("/ask")
async def ask_form(request: Request) -> Response:
    """The empty form."""
    return _page(request, Ask())


@router.post("/ask")
async def ask(request: Request) -> Response:
    """Read the file if there is one, ask, and show the answer with its sources."""
    web = of(request)
    async with Form.read(request) as form, request.app.state.gate.admitted():
        asked = Ask.from_form(form)
        notes: tuple[str, ...] = ()
        try:
            if (upload := form.file("file")) is not None:
                notes = await _read_file(request, asked, form)
                asked.read_name = file_name(upload)
            problems = asked.problems()
            if problems:
                return _page(request, asked, 422, problems=problems, notes=notes)
            documents = tuple(source.text for source in asked.sources())
            answer = await web.client.query(QueryRequest(query=asked.question, documents=documents))
        except CasewrightError as error:
            return _page(request, asked, told_status(error), error=error, notes=notes)
    return _page(request, asked, answer=answer, shown=show(answer.citations, asked.sources()), notes=notes)


async def _read_file(request: Request, asked: Ask, form: Form) -> tuple[str, ...]:
    upload = form.file("file")
    assert upload is not None
    found = await of(request).client.process(
        file_name(upload), upload.file, upload.content_type or "", ReadAs(keep="no", describe="never")
    )
    text = tidy(found.markdown)
    same = len(text) == len(found.markdown)  # else the pages' offsets no longer fit
    asked.read_text = text
    asked.read_starts = tuple(one.start for one in found.pages) if same and len(found.pages) > 1 else ()
    if not text.strip():
        return (*found.warnings, "No text was found in the file.")
    return found.warnings


def _page(
    request: Request,
    asked: Ask,
    status: int = 200,
    *,
    problems: dict[str, str] | None = None,
    error: CasewrightError | None = None,
    answer: QueryResponse | None = None,
    shown: list[Shown] | None = None,
    notes: tuple[str, ...] = (),
) -> Response:
    return page(
        request,
        "ask.html",
        status,
        asked=asked,
        problems=problems or {},
        error=error,
        answer=answer,
        shown=shown or [],
        notes=notes,
        max_file_bytes=of(request).max_file_bytes,
    )
