"""A job's progress as server-sent events: each page, then its end; over by itself.

::

    id: 1.7                 the attempt, and the pages read in it
    event: progress         or done, failed, cancelled: the last one
    data: {...}             the job, as GET /jobs/{id} tells it
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from casewright.documents.jobs import ACTIVE, Job
from casewright.errors import NotFound
from casewright.services.documents.runner import Runner
from casewright.services.kit.events import ALIVE, event


async def told(
    runner: Runner, job_id: str, last: str | None, write: Callable[[Job], str]
) -> AsyncGenerator[bytes]:
    """One job's events. ``last`` is the id of the last one that the listener saw.

    The first event is the state as it is, unless that was seen; after ``last`` the pages that came since.
    """
    teller = _Teller(last, write)
    try:
        async with aclosing(runner.watch(job_id, runner.config.heartbeat_s)) as states:
            async for job in states:
                for piece in [ALIVE] if job is None else teller.events(job):
                    yield piece
    except NotFound:
        return  # it was forgotten while somebody listened: there is no more to tell


class _Teller:
    """What one listener was told already."""

    def __init__(self, last: str | None, write: Callable[[Job], str]) -> None:
        self._seen = _read_id(last)
        self._write = write

    def events(self, job: Job) -> list[bytes]:
        """What is to be told since the last event: a page each, and the end."""
        attempt, done_before = self._seen if self._seen is not None else (-1, 0)
        found: list[bytes] = []
        if attempt != job.attempts:
            if job.status in ACTIVE:
                found.append(self._event("progress", job))
        else:
            for done in range(done_before + 1, job.pages_done + 1):
                found.append(self._event("progress", replace(_at_work(job), pages_done=done)))
        self._seen = (job.attempts, job.pages_done)
        if job.status not in ACTIVE:
            found.append(self._event(job.status, job))
        return found

    def _event(self, name: str, job: Job) -> bytes:
        return event(name, self._write(job), f"{job.attempts}.{job.pages_done}")


def _at_work(job: Job) -> Job:
    """A job as it was before its end."""
    return job if job.status in ACTIVE else replace(job, status="running", ended=None)


def _read_id(last: str | None) -> tuple[int, int] | None:
    match = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,8})", last or "")
    return (int(match[1]), int(match[2])) if match else None
