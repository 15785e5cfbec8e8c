"""A file as Markdown, page by page, with how each page was read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from casewright.api.documents import PageOut, ProcessResponse
from casewright.errors import CasewrightError
from casewright.services.web import markdown
from casewright.services.web.forms import Form, file_name
from casewright.services.web.state import of
from casewright.services.web.view import page, told_status

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of the file; ``html`` None: beyond what is rendered, so it is in the raw text only."""

    about: PageOut
    html: Markup | None


@router.get("/file")
async def file_form(request: Request) -> Response:
    """The empty form."""
    return _page(request)


@router.post("/file")
async def process(request: Request) -> Response:
    """Read the file and show it."""
    async with Form.read(request) as form, request.app.state.gate.admitted():
        upload = form.file("file")
        if upload is None:
            return _page(request, 422, problem="Choose a file.")
        try:
            found = await of(request).client.process(
                file_name(upload), upload.file, upload.content_type or ""
            )
        except CasewrightError as error:
            return _page(request, told_status(error), error=error, name=file_name(upload))
        shown = await asyncio.to_thread(show_pages, found.pages)
    return _page(request, found=found, shown=shown)


def show_pages(pages: tuple[PageOut, ...]) -> list[ShownPage]:
    """The pages rendered, as far as the bound on all of them together allows."""
    shown, left = [], markdown.MAX_CHARS
    for about in pages:
        left -= len(about.markdown)
        html = Markup(markdown.render(about.markdown)) if left >= 0 else None
        shown.append(ShownPage(about, html))
    return shown


def _page(
    request: Request,
    status: int = 200,
    *,
    problem: str = "",
    error: CasewrightError | None = None,
    found: ProcessResponse | None = None,
    shown: list[ShownPage] | None = None,
    name: str = "",
) -> Response:
    return page(
        request,
        "file.html",
        status,
        problem=problem,
        error=error,
        found=found,
        shown=shown or [],
        name=name,
        max_file_bytes=of(request).max_file_bytes,
    )
