"""A job at work, as this process knows it, and its place at a worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from casewright.documents.blocks import Found
from casewright.documents.jobs import Job
from casewright.services.documents.desk import is_page, opened
from casewright.services.documents.places import Places


@dataclass(slots=True)
class Live:
    """A job that is not ended, as this process knows it. ``changed`` is set, and replaced, at each change.

    ``later`` puts it into the line again; ``setbacks`` counts how often the disk refused what it needs.
    """

    job: Job
    password: str | None = field(default=None, repr=False)
    cancelled: bool = False
    task: asyncio.Task[None] | None = None
    later: asyncio.TimerHandle | None = None
    setbacks: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, job: Job) -> None:
        """Take a newer state, and wake whoever watches."""
        self.job = job
        self.wake()

    def wake(self) -> None:
        """Have whoever watches look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    def hear(self, found: Found) -> None:
        """Take a word of the reader's."""
        if (total := opened(found)) is not None:
            self.tell(replace(self.job, pages_total=total))
        elif is_page(found):
            self.tell(replace(self.job, pages_done=self.job.pages_done + 1))


class Place:
    """A job's place at a worker, given back once."""

    def __init__(self, places: Places) -> None:
        self._places: Places | None = places

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The place, which the job has already."""
        try:
            yield
        finally:
            self.release()

    def give_back(self, _ended: asyncio.Task[None]) -> None:
        """Give it back as its task ends, however that ended."""
        self.release()

    def release(self) -> None:
        """Give it back."""
        places, self._places = self._places, None
        if places is not None:
            places.job_done()
