"""The start page, how the services are, and the two static files."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.errors import NotFound
from casewright.services.web.state import engine_of, engines_differ, of
from casewright.services.web.view import STATIC, page

router = APIRouter()


@router.get("/")
async def home(request: Request) -> Response:
    """What it does, and whether it can."""
    seen = await of(request).look()
    return page(request, "home.html", seen=seen, engine=engine_of(seen))


@router.get("/status")
async def status(request: Request) -> Response:
    """The three services and the engine, with reasons."""
    seen = await of(request).look()
    differ = engines_differ(seen)
    return page(request, "status.html", seen=seen, engine=engine_of(seen), differ=differ)


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """The style sheet and the icon; nothing else is here."""
    if name not in STATIC:
        raise NotFound("there is no such file", hint="the pages are named above")
    content: bytes = request.app.state.static[name]
    headers = {"Cache-Control": "public, max-age=86400", "Content-Security-Policy": "default-src 'none'"}
    return Response(content, headers=headers, media_type=STATIC[name])
