"""Templates, the headers of a page, and errors as pages."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casewright import __version__
from casewright.errors import (
    CasewrightError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    NotRunning,
    RequestError,
    ServiceBusy,
    ServiceFailure,
    Unauthenticated,
)
from casewright.observability.context import request_id
from casewright.services.kit.errors import error_response, status_of
from casewright.services.web import csrf
from casewright.services.web.state import of

KEY_COOKIE = "casewright_key"
JSON_PATHS = frozenset({"/live", "/health", "/metrics"})
PAGES = (("/cases", "Cases"), ("/ask", "Ask"), ("/notes", "Letter"), ("/file", "File"), ("/status", "Status"))
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Frame-Options": "DENY",
    # same-origin, not no-referrer: with that a browser says "Origin: null" of our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_FOLDER = Path(__file__).parent
STATIC = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


def load_static() -> dict[str, bytes]:
    """The style sheet and the icon, by name."""
    return {name: (_FOLDER / "static" / name).read_bytes() for name in STATIC}


def load_templates(static: dict[str, bytes]) -> jinja2.Environment:
    """The templates: everything put into them is escaped, and a missing value is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "pages": PAGES,
        "version": __version__,
        # a new style sheet has a new address, so browsers may keep the old one
        "stamp": hashlib.sha256(b"".join(static.values())).hexdigest()[:12],
    }
    return environment


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page. Its forms get the CSRF token of the browser; a browser without the cookie gets one."""
    held = request.cookies.get(csrf.COOKIE)
    cookie = held if held is not None and csrf.usable(held) else csrf.new_cookie()
    values |= {
        "path": request.url.path,
        "csrf_field": csrf.FIELD,
        "csrf_token": csrf.token_for(of(request).secret, cookie),
        "has_key": bool(request.cookies.get(KEY_COOKIE)),
        "request_id": request_id() or "none",
    }
    text = of(request).templates.get_template(template).render(values)
    answer = Response(text.encode("utf-8", "replace"), status, HEADERS, media_type="text/html")
    answer.headers["Content-Type"] = "text/html; charset=utf-8"
    if cookie != held:
        set_cookie(request, answer, csrf.COOKIE, cookie)
    return answer


def set_cookie(request: Request, answer: Response, name: str, value: str) -> None:
    """A cookie that no script reads and no other site sends; it ends with the browser's session."""
    secure = request.url.scheme == "https"
    answer.set_cookie(name, value, path="/", httponly=True, samesite="strict", secure=secure)


def redirect(target: str) -> Response:
    """To another page of ours, by GET."""
    return RedirectResponse(target, 303, HEADERS)


def told_status(error: CasewrightError) -> int:
    """The HTTP status of a page that tells of an error."""
    return 503 if isinstance(error, NotRunning) else status_of(error)


def error_page(request: Request, error: CasewrightError) -> Response:
    """An error on a page of its own; who has not shown a key is sent to show it."""
    if request.url.path in JSON_PATHS:
        return error_response(error)
    if isinstance(error, Unauthenticated):
        here = request.url.path if request.url.path in dict(PAGES) else ""
        return redirect(f"/login?next={quote(here, safe='')}" if here else "/login")
    status = told_status(error)
    answer = page(request, "error.html", status, error=error, code=status)
    if isinstance(error, ServiceBusy):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


async def on_ours(request: Request, error: Exception) -> Response:
    """Exception handler: the error tree as pages."""
    assert isinstance(error, CasewrightError)
    request.scope["casewright.error"] = error.kind
    return error_page(request, error)


async def on_http(request: Request, error: Exception) -> Response:
    """Exception handler: unknown pages, wrong methods, unreadable forms."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        ours: RequestError = NotFound(f"there is no page {path[:200]}", hint="the pages are named above")
    elif error.status_code == 405:
        ours = MethodNotAllowed(f"{path} is not for {request.method}", hint="open it in the browser")
    elif error.status_code == 400:
        ours = InvalidRequest(
            f"the form cannot be read: {error.detail}", hint="reload the page, send it again"
        )
    else:
        ours = ServiceFailure(f"{path}: {error.detail}", hint="go back and try again")
    answer = await on_ours(request, ours)
    if error.status_code == 405 and error.headers:
        answer.headers.update(error.headers)
    return answer
