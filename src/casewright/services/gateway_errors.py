"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code", "request_id"}}``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from casewright.errors import (
    AllEnginesFailed,
    BadRequest,
    CasewrightError,
    ContextOverflow,
    EngineBusy,
    EngineError,
    ModelNotFound,
    RateLimited,
    RequestError,
    ServiceBusy,
    UsageError,
)
from casewright.observability.context import request_id
from casewright.services.kit.errors import status_of


class Refusal(Exception):
    """A request that is not carried out, in OpenAI's words; ``headers`` go with the answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.headers = dict(headers or {})


def unsupported(param: str, why: str = "") -> Refusal:
    """The refusal of a parameter, or of a value of it, that the engines cannot be asked for here."""
    said = f"{param} is not supported here" + (f": {why}" if why else "")
    return Refusal(said, param=param, code="unsupported_parameter")


# What each error means to a client of the API: status (None: as for every service), type and code.
_MEANING: tuple[tuple[type[CasewrightError], int | None, str, str | None], ...] = (
    (ContextOverflow, 400, "invalid_request_error", "context_length_exceeded"),
    (ModelNotFound, 404, "invalid_request_error", "model_not_found"),
    (BadRequest, 400, "invalid_request_error", "engine_refused"),
    (RateLimited, 429, "rate_limit_error", "rate_limited"),
    (EngineBusy, 503, "overloaded_error", "overloaded"),
    (UsageError, 400, "invalid_request_error", "invalid_value"),
)
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def refusal_of(error: CasewrightError) -> Refusal:
    """Any error of ours as OpenAI's clients know errors, with the Retry-After that it states."""
    status, kind, code = _meaning(error)
    headers: dict[str, str] = {}
    after = getattr(error, "retry_after_s", None) if isinstance(error, EngineError | ServiceBusy) else None
    if after is not None and status in (429, 503):
        headers["Retry-After"] = str(max(1, math.ceil(after)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Refusal(str(error), status=status, kind=kind, code=code, headers=headers)


def _meaning(error: CasewrightError) -> tuple[int, str, str | None]:
    if isinstance(error, AllEnginesFailed):
        if error.status == 404 or _no_model(error):
            return 404, "invalid_request_error", "model_not_found"
        busy = error.retry_after_s is not None
        return error.status or 503, "overloaded_error" if busy else "server_error", error.kind
    for known, status, kind, code in _MEANING:
        if isinstance(error, known):
            return status or status_of(error), kind, code
    found = status_of(error)
    if isinstance(error, RequestError):
        kind = _TYPES.get(found, "invalid_request_error" if found < 500 else "server_error")
        return found, kind, "invalid_api_key" if found == 401 else error.kind
    return found, "server_error", error.kind


def _no_model(error: AllEnginesFailed) -> bool:
    """Whether every engine was asked and has no such model: a 5xx would have clients repeat in vain. One that
    is away may have it: clients do not repeat a 404, and a restart would end their work.
    """
    return bool(error.causes) and all(isinstance(cause, ModelNotFound) for cause in error.causes)


def error_object(refusal: Refusal, about: Mapping[str, Any] | None = None) -> bytes:
    """The error's JSON; ``about`` is the provenance of the answer that it ended."""
    error = {
        "message": refusal.message,
        "type": refusal.kind,
        "param": refusal.param,
        "code": refusal.code,
        "request_id": request_id(),
    }
    body: dict[str, Any] = {"error": error}
    if about is not None:
        body["casewright"] = about
    return json.dumps(body, separators=(",", ":")).encode()


def refusal_response(refusal: Refusal, about: Mapping[str, Any] | None = None) -> Response:
    """The whole HTTP answer for a refusal."""
    content = error_object(refusal, about)
    return Response(content, refusal.status, refusal.headers, media_type="application/json")
