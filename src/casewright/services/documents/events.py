"""A job's progress as server-sent events: each page, then its end; over by itself.

::

    id: 1.7                 the attempt, and the pages read in it
    event: progress         or done, failed, cancelled: the last one
    data: {...}             the job, as GET /jobs/{id} tells it
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from casewright.documents.jobs import ACTIVE, Job
from casewright.errors import NotFound
from casewright.services.documents.runner import Runner
from casewright.services.kit.leaving import while_there

ALIVE = b": alive\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream(Response):
    """Tells of one job while its listener is there. ``last`` is the id of the last event that it saw.

    The first event is the state as it is, unless that was seen; after ``last`` the pages that came since.
    """

    def __init__(self, runner: Runner, job_id: str, last: str | None, write: Callable[[Job], str]) -> None:
        super().__init__()
        self._runner = runner
        self._job_id = job_id
        self._seen = _read_id(last)
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve (ASGI)."""
        self._runner.streams += 1
        try:
            await while_there(self._stream(send), receive)
        finally:
            self._runner.streams -= 1

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        watching = self._runner.watch(self._job_id, self._runner.config.heartbeat_s)
        try:
            async with aclosing(watching) as states:  # type: ignore[type-var]
                async for job in states:
                    for piece in [ALIVE] if job is None else self._events(job):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
        except NotFound:
            pass  # it was forgotten while somebody listened: there is no more to tell
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _events(self, job: Job) -> list[bytes]:
        """What is to be told since the last event: a page each, and the end."""
        attempt, told = self._seen if self._seen is not None else (-1, 0)
        found: list[bytes] = []
        if attempt != job.attempts:
            if job.status in ACTIVE:
                found.append(self._event("progress", job))
        else:
            for done in range(told + 1, job.pages_done + 1):
                found.append(self._event("progress", replace(_at_work(job), pages_done=done)))
        self._seen = (job.attempts, job.pages_done)
        if job.status not in ACTIVE:
            found.append(self._event(job.status, job))
        return found

    def _event(self, name: str, job: Job) -> bytes:
        return f"id: {job.attempts}.{job.pages_done}\nevent: {name}\ndata: {self._write(job)}\n\n".encode()


def _at_work(job: Job) -> Job:
    """A job as it was before its end."""
    return job if job.status in ACTIVE else replace(job, status="running", ended=None)


def _read_id(last: str | None) -> tuple[int, int] | None:
    match = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,8})", last or "")
    return (int(match[1]), int(match[2])) if match else None
