"""The error tree as HTTP answers: one shape, a true status, no trace."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casewright.api.contract import ErrorAnswer, ErrorDetail
from casewright.errors import (
    AllEnginesFailed,
    BodyTooLarge,
    CasewrightError,
    ConfigError,
    ContextOverflow,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    NotRunning,
    RequestError,
    ServiceBusy,
    ServiceFailure,
    StorageError,
    Unauthenticated,
    UnprocessableRequest,
    UnsupportedMedia,
)
from casewright.observability.context import request_id

log = logging.getLogger(__name__)

# What an error that is not about the request itself means to the asker; the first entry that fits decides.
_STATUS: tuple[tuple[type[CasewrightError], int], ...] = (
    (ContextOverflow, 400),
    (EngineBusy, 503),
    (EngineUnreachable, 503),
    (EngineTimeout, 504),
    (EngineError, 502),
    (StorageError, 503),
    (NotRunning, 503),
    (ConfigError, 500),
    (CasewrightError, 500),
)
_BY_STATUS: dict[int, type[RequestError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMedia,
    422: UnprocessableRequest,
}
_SHOWN_FIELDS = 5
NOT_BLANK = r"\S"


def status_of(error: CasewrightError) -> int:
    """The HTTP status that an error becomes."""
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, AllEnginesFailed) and error.status is not None:
        return error.status
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def error_response(error: CasewrightError) -> Response:
    """The whole answer for an error, with Retry-After and WWW-Authenticate where they belong."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, ServiceBusy):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, EngineBusy | AllEnginesFailed) and error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, error.kind, error.message, error.hint, headers)


def _answer(status: int, kind: str, message: str, hint: str, headers: Mapping[str, str]) -> Response:
    detail = ErrorDetail(type=kind, message=message, hint=hint, request_id=request_id() or "none")
    # surrogates out of a client's broken escapes must not break our own answer
    body = json.dumps(ErrorAnswer(error=detail).model_dump(), ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, dict(headers), media_type="application/json")


def install(app: FastAPI) -> None:
    """Answer every error of the application in the one shape."""
    app.add_exception_handler(CasewrightError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, CasewrightError)
    if status_of(error) >= 500:
        log.warning("%s: %s", error.kind, error.message, extra={"route": request.url.path})
    request.scope["casewright.error"] = error.kind
    return error_response(error)


async def _on_validation(request: Request, error: Exception) -> Response:
    """What pydantic found, by field and rule; never the value, which may be a client's paper."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        where = next(item for item in found if item["type"] == "json_invalid")["loc"][-1]
        ours: RequestError = InvalidRequest(
            f"the body is not JSON: it breaks at character {where}", hint="send one JSON object in UTF-8"
        )
    else:
        said = [
            f"{'.'.join(map(str, item['loc'][1:])) or 'body'}: {_rule(item)}"
            for item in found[:_SHOWN_FIELDS]
        ]
        more = f"; and {len(found) - _SHOWN_FIELDS} more" if len(found) > _SHOWN_FIELDS else ""
        ours = UnprocessableRequest(
            "; ".join(said) + more, hint=f"see /openapi.json for the fields of {request.url.path}"
        )
    request.scope["casewright.error"] = ours.kind
    _let_go(error)
    return error_response(ours)


def _rule(item: Mapping[str, Any]) -> str:
    """What is wrong with a field, in words; pydantic has only the pattern for a text that is blank."""
    about = item.get("ctx", {})
    blank = item["type"] == "string_pattern_mismatch" and about.get("pattern") == NOT_BLANK
    empty = item["type"] == "string_too_short" and about.get("min_length") == 1
    return "nothing is written in it" if blank or empty else str(item["msg"])


async def _on_http(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: unknown routes, wrong methods, unreadable forms."""
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code, ServiceFailure)
    ours = kind(_words(request, error), hint="see /openapi.json for what this service offers")
    request.scope["casewright.error"] = ours.kind
    _let_go(error)
    return _answer(error.status_code, ours.kind, ours.message, ours.hint, error.headers or {})


def _let_go(error: BaseException) -> None:
    """Drop the traces of an error that is answered.

    FastAPI raises it out of a variable, so error, trace and frame hold each other, and with them the request
    and its body, until Python searches for circles; which it does by the number of objects, not their size.
    """
    found: BaseException | None = error
    while found is not None:
        found.__traceback__ = None
        found = found.__cause__ or found.__context__


def _words(request: Request, error: HTTPException) -> str:
    asked = f"{request.method} {request.url.path}"
    if error.status_code == 404:
        return f"{asked}: there is nothing here"
    if error.status_code == 405:
        return f"{asked}: the route is for {(error.headers or {}).get('Allow', 'another method')}"
    return f"{asked}: {error.detail}"
