"""Showing the key once, and taking it away again."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from starlette.responses import Response

from casewright.services.web.forms import Form
from casewright.services.web.state import WebState, of
from casewright.services.web.view import KEY_COOKIE, PAGES, page, redirect, set_cookie

router = APIRouter()
SCOPES = frozenset({"web", "admin"})


@router.get("/login")
async def login_form(request: Request) -> Response:
    """The form; a cookie whose key opens nothing any more is removed, so that it locks nobody out."""
    web = of(request)
    answer = page(request, "login.html", problem="", needed=bool(web.keys.active()), target=_target(request))
    held = request.cookies.get(KEY_COOKIE)
    if held is not None and not opens(web, held):
        answer.delete_cookie(KEY_COOKIE, path="/", httponly=True, samesite="strict")
    return answer


@router.post("/login")
async def login(request: Request) -> Response:
    """Keep the key in a cookie if it opens this page."""
    web = of(request)
    async with Form.read(request) as form:
        key, target = form.text("key").strip(), form.text("next")
    target = target if target in dict(PAGES) else "/"
    if not opens(web, key):
        needed = bool(web.keys.active())
        problem = "This key does not open the page: it is mistyped, revoked, or made for something else."
        return page(request, "login.html", 401, problem=problem, needed=needed, target=target)
    answer = redirect(target)
    set_cookie(request, answer, KEY_COOKIE, key)
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """Forget the key in this browser."""
    async with Form.read(request):
        answer = redirect("/login")
        answer.delete_cookie(KEY_COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def opens(web: WebState, key: str) -> bool:
    """Whether a key is ours, in force, and made for this page."""
    if hmac.compare_digest(key.encode("utf-8", "replace"), web.service_token.encode()):
        return True
    found = web.keys.find(key)
    return found is not None and not SCOPES.isdisjoint(found.scopes)


def _target(request: Request) -> str:
    asked = request.query_params.get("next", "")
    return asked if asked in dict(PAGES) else ""
