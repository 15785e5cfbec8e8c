"""The id of the request being served: one for a chain of services, in every log line and every error."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str | None] = ContextVar("casewright_request_id", default=None)


def request_id() -> str | None:
    """The id of the request that this task serves; None outside of one."""
    return _current.get()


def begin(offered: str | None) -> str:
    """Set this task's request id: the caller's if it is a plain word of 8 to 64 characters, else a new one.

    Anything else is not taken over: it would be written into logs and sent on in headers.
    """
    chosen = offered if offered and _ACCEPTED.fullmatch(offered) else uuid.uuid4().hex
    _current.set(chosen)
    return chosen
