"""An HTTP error answer into ``Failed``: which kind of the error tree it is, and what the server said."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from casewright.engines.wire.payload import error_message, excerpt
from casewright.engines.wire.types import Api, Failed

# The engines' own words for "does not fit". vLLM: renderers/params.py and v1/engine; llama.cpp: tools/server
# (type exceed_context_size_error); Ollama: server/routes.go and llm/server.go; OpenAI: the code.
_OVERFLOW = re.compile(
    r"maximum context length|maximum model length|cannot be greater than max_model_len"
    r"|max_tokens must be at least 1, got -"
    r"|exceeds the available context size|context size has been exceeded|larger than the max context size"
    r"|too large to process. increase the physical batch size"
    r"|input length exceeds the context length|exceeded max context length|exceeds maximum context length"
    r"|prompt is too long|context_length_exceeded|exceed_context_size_error",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"\bmodel\b.*(not found|does not exist|doesn't exist|no such)", re.IGNORECASE | re.DOTALL
)
_OVERFLOW_STATUSES = (400, 413, 422, 500)


def decode_error(api: Api, status: int, headers: Mapping[str, str], body: bytes, *, at_ns: int = 0) -> Failed:
    """What an answer with an error status means.

    ``headers`` have lower-case names. ``at_ns`` is when the answer was complete; this module has no clock.
    A 404 that is about the model is ``model_not_found``; any other 404 says that the path does not exist,
    which means that another server, or another API, answers at this URL.
    """
    message, marks = _message(body)
    retry_after_s = parse_retry_after(headers.get("retry-after"), headers.get("date"))
    kind = _kind(status, message, marks)
    said = message or "nothing in its body"
    if kind == "bad_request" and status == 404:
        other = "OpenAI-compatible" if api is Api.OPENAI else "Ollama"
        said = f"the path does not exist there: not an {other} server, or not for this kind of call ({said})"
    elif 300 <= status < 400:
        said = f"redirects to {headers.get('location', 'nowhere')}; redirects are not followed ({said})"
    return Failed(kind, f"HTTP {status}: {said}", at_ns, status, retry_after_s)


def _kind(status: int, message: str, marks: str) -> str:
    if status in (401, 403):
        return "unauthorized"
    if status == 429:
        return "rate_limited"
    if status == 503:
        return "overloaded"
    words = f"{message} {marks}"
    if status in _OVERFLOW_STATUSES and _OVERFLOW.search(words):
        return "context_overflow"
    if status in (400, 404) and ("model_not_found" in marks or _NO_MODEL.search(message)):
        return "model_not_found"
    if status < 300:
        return "malformed"
    return "bad_request" if status < 500 else "server_failure"


def _message(body: bytes) -> tuple[str, str]:
    """What the server said, and its machine-readable marks (type, code, param) as one text."""
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return excerpt(body, 200), ""
    if not isinstance(answer, dict):
        return excerpt(body, 200), ""
    error = answer.get("error")
    stated = (
        error_message(error) or error_message(answer.get("detail")) or error_message(answer.get("message"))
    )
    source: Mapping[str, Any] = error if isinstance(error, dict) else answer
    marks = " ".join(str(source.get(name)) for name in ("type", "code") if source.get(name) is not None)
    return stated or excerpt(body, 200), marks


def parse_retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds from a Retry-After header; None if absent or unreadable.

    An HTTP date is taken relative to the same answer's ``Date`` header: the server's clock, not ours, and
    without one nothing is known. Source: RFC 9110, section 10.2.3.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        seconds = float(text)
        return seconds if math.isfinite(seconds) else None
    until, now = _http_date(text), _http_date(date)
    if until is None or now is None:
        return None
    return max(0.0, (until - now).total_seconds())


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def accepts_content_type(api: Api, value: str | None, *, stream: bool) -> bool:
    """Whether an answer with this Content-Type can be decoded; a missing header is let through."""
    if not value:
        return True
    media_type = value.partition(";")[0].strip().lower()
    if not stream:
        return media_type == "application/json"
    if api is Api.OPENAI:
        return media_type == "text/event-stream"
    return media_type in ("application/x-ndjson", "application/json")
