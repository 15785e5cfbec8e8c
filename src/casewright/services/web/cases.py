"""Cases: their list, and one with its documents, a question and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.api.knowledge import CASE_PATTERN, MAX_FILES, CaseOut, IndexedDocuments
from casewright.api.rag import MAX_QUERY_CHARS, QueryRequest
from casewright.errors import CasewrightError, NotFound
from casewright.services.web.case_answer import CaseAnswer, shown_answer
from casewright.services.web.forms import Form
from casewright.services.web.state import of
from casewright.services.web.view import page, redirect, told_status

router = APIRouter()
PER_PAGE = 100
MAX_OFFSET = 1_000_000


@dataclass(slots=True)
class CasePage:
    """What the page of one case shows beside its documents."""

    question: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    error: CasewrightError | None = None
    answer: CaseAnswer | None = None


@router.get("/cases")
async def cases(request: Request) -> Response:
    """The cases there are, and the form that opens one."""
    return await _list(request)


@router.post("/cases")
async def open_case(request: Request) -> Response:
    """To the page of a case; a new one begins with its first file."""
    async with Form.read(request) as form:
        asked = form.text("case_id").strip()
    if re.fullmatch(CASE_PATTERN, asked) is None:
        problem = "Use letters, digits, “.”, “_” and “-”, at most 100, and begin with a letter or digit."
        return await _list(request, 422, asked=asked[:200], problems={"case_id": problem})
    return redirect(f"/cases/{asked}")


@router.get("/cases/{case_id}")
async def case(request: Request, case_id: str) -> Response:
    """One case: its documents and the form for a question."""
    return await case_page(request, case_id, CasePage())


@router.post("/cases/{case_id}")
async def ask(request: Request, case_id: str) -> Response:
    """A question, answered out of this case alone."""
    client = of(request).client
    async with Form.read(request) as form, request.app.state.gate.admitted():
        said = CasePage(question=form.text("question").strip())
        if not said.question:
            said.problems["question"] = "Write a question."
        elif len(said.question) > MAX_QUERY_CHARS:
            said.problems["question"] = f"The question is longer than {MAX_QUERY_CHARS} characters."
        if said.problems:
            return await case_page(request, case_id, said, 422)
        try:
            found = await client.query(QueryRequest(query=said.question, case_id=checked(case_id)))
            said.answer = await shown_answer(client, found)
        except CasewrightError as error:
            said.error = error
            return await case_page(request, case_id, said, told_status(error))
    return await case_page(request, case_id, said)


async def case_page(request: Request, case_id: str, said: CasePage, status: int = 200) -> Response:
    """One case as a page; one that holds nothing (yet) is empty."""
    client = of(request).client
    about: CaseOut | None = None
    documents = IndexedDocuments(documents=(), total=0, offset=0)
    try:
        about = await client.case(checked(case_id))
        documents = await client.case_documents(case_id, limit=PER_PAGE, offset=offset_of(request))
    except NotFound:
        checked(case_id)  # an id that cannot be one has no page
    return page(
        request,
        "case.html",
        status,
        case_id=case_id,
        about=about,
        documents=documents,
        per_page=PER_PAGE,
        said=said,
        max_file_bytes=of(request).max_file_bytes,
        max_files=MAX_FILES,
    )


def checked(case_id: str) -> str:
    """The id out of an address.

    Raises:
        NotFound: it cannot be the id of a case.
    """
    if re.fullmatch(CASE_PATTERN, case_id) is None:
        raise NotFound("there is no such case", hint="see the list of cases")
    return case_id


async def _list(
    request: Request, status: int = 200, *, asked: str = "", problems: dict[str, str] | None = None
) -> Response:
    found = await of(request).client.cases(limit=PER_PAGE, offset=offset_of(request))
    return page(
        request,
        "cases.html",
        status,
        found=found,
        per_page=PER_PAGE,
        asked=asked,
        problems=problems or {},
    )


def offset_of(request: Request) -> int:
    """From where on a list is shown; 0 where the address does not say."""
    said = request.query_params.get("from", "")
    return min(int(said), MAX_OFFSET) if re.fullmatch(r"[0-9]{1,8}", said) else 0
