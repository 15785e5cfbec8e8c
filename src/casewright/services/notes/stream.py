"""A letter as server-sent events: how far it is, and then the whole.

::

    event: progress     {"stage": "read", "lines": 40}
    event: progress     {"stage": "drafting", "done": 1, "of": 3}
    event: progress     {"stage": "checking"}
    event: done         the answer as POST /convert gives it without a stream; or
    event: error        the error in its usual shape; the last one too
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi import Request

from casewright.api.contract import ErrorAnswer, ErrorDetail
from casewright.api.notes import ConvertResponse, Progress
from casewright.errors import CasewrightError, ServiceFailure
from casewright.observability.context import request_id
from casewright.services.kit.answers import count
from casewright.services.kit.events import ALIVE, event

log = logging.getLogger(__name__)
ALIVE_S = 15.0
Tell = Callable[[Progress], None]


def nobody(_progress: Progress) -> None:
    """Nobody listens."""


async def streamed(
    request: Request, work: Callable[[Tell], Awaitable[ConvertResponse]]
) -> AsyncGenerator[bytes]:
    """The events of one letter; closing it ends the work."""
    events: asyncio.Queue[bytes] = asyncio.Queue()

    def tell(progress: Progress) -> None:
        events.put_nowait(event("progress", progress.model_dump_json(exclude_none=True)))

    making = asyncio.ensure_future(work(tell))
    try:
        while not making.done() or not events.empty():
            getting = asyncio.ensure_future(events.get())
            try:
                await asyncio.wait((getting, making), timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
                elif not making.done():
                    yield ALIVE
            finally:
                getting.cancel()
        yield _ended(request, making)
    finally:
        making.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # told already, or nobody listens
            await making


def _ended(request: Request, making: asyncio.Future[ConvertResponse]) -> bytes:
    """The letter, or what kept it from being written."""
    try:
        answer = making.result()
    except CasewrightError as error:
        return _error(request, error)
    except Exception:
        log.exception("defect", extra={"route": "/convert", "method": "POST"})
        failure = ServiceFailure("this is our defect", hint="quote the request id to whoever runs it")
        return _error(request, failure)
    count(request, answer)
    return event("done", answer.model_dump_json())


def _error(request: Request, error: CasewrightError) -> bytes:
    request.scope["casewright.error"] = error.kind
    detail = ErrorDetail(
        type=error.kind, message=error.message, hint=error.hint, request_id=request_id() or "none"
    )
    return event("error", ErrorAnswer(error=detail).model_dump_json())
