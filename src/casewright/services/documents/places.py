"""Who reads next: callers of /process wait on the line; jobs have time, and leave a worker to the callers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from casewright.errors import ServiceBusy


class Places:
    """``total`` files are read at once. Used from one event loop.

    Jobs have all places but one (with a single place, that one). A place that comes free goes to a caller
    first; yet when no job is at work and the last place went to a caller, to a job: so neither can starve
    the other. ``queue`` callers wait, none longer than ``queue_s``; jobs wait in their own book.
    """

    def __init__(self, total: int, queue: int, queue_s: float) -> None:
        self.total = total
        self.callers = 0
        self.jobs = 0
        self._queue = queue
        self._queue_s = queue_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._jobs_waiting: deque[asyncio.Future[None]] = deque()
        self._images: set[asyncio.Future[None]] = set()
        self._last_was_caller = False

    @property
    def waiting(self) -> int:
        """How many callers wait with their file."""
        return sum(place not in self._images for place in self._waiting)

    def check(self) -> None:
        """Refuse a caller before it has sent its file in vain.

        Raises:
            ServiceBusy: as many wait as may.
        """
        if self.callers + self.jobs >= self.total and self.waiting >= self._queue:
            raise self._busy(f"{self.callers} files are read and {self.waiting} wait, which is the bound")

    @contextlib.asynccontextmanager
    async def caller(self) -> AsyncIterator[None]:
        """Hold a place for a caller who waits.

        Raises:
            ServiceBusy: as many wait as may, or no place came free in time.
        """
        self.check()
        async with self._held():
            yield

    @contextlib.asynccontextmanager
    async def image(self) -> AsyncIterator[None]:
        """Hold a place for the image of a page; whoever asks for them bounds how many wait here.

        It waits in turn with callers, and takes none of the places in their queue.

        Raises:
            ServiceBusy: no place came free in time.
        """
        async with self._held(image=True):
            yield

    @contextlib.asynccontextmanager
    async def _held(self, *, image: bool = False) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._queue_s):
                await self._wait(self._waiting, image=image)
        except TimeoutError as error:
            raise self._busy(f"no worker came free within {self._queue_s:g} s", image=image) from error
        try:
            yield
        finally:
            self.callers -= 1
            self._grant()

    async def take_job(self) -> None:
        """Wait for a place for a job, however long; to be given back by ``job_done``."""
        await self._wait(self._jobs_waiting)

    def job_done(self) -> None:
        """Give a job's place back."""
        self.jobs -= 1
        self._grant()

    async def _wait(self, line: deque[asyncio.Future[None]], *, image: bool = False) -> None:
        place = asyncio.get_running_loop().create_future()
        if image:
            self._images.add(place)
            place.add_done_callback(self._images.discard)
        line.append(place)
        self._grant()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given to somebody who has left
                self._give_back(line)
            elif place in line:
                line.remove(place)
            raise

    def _give_back(self, line: deque[asyncio.Future[None]]) -> None:
        if line is self._waiting:
            self.callers -= 1
        else:
            self.jobs -= 1
        self._grant()

    def _grant(self) -> None:
        while self.callers + self.jobs < self.total:
            job = self._next(self._jobs_waiting) if self.jobs < max(1, self.total - 1) else None
            caller = self._next(self._waiting)
            if job is not None and (caller is None or (self.jobs == 0 and self._last_was_caller)):
                self._jobs_waiting.popleft()
                self.jobs += 1
                self._last_was_caller = False
                job.set_result(None)
            elif caller is not None:
                self._waiting.popleft()
                self.callers += 1
                self._last_was_caller = True
                caller.set_result(None)
            else:
                return

    @staticmethod
    def _next(line: deque[asyncio.Future[None]]) -> asyncio.Future[None] | None:
        while line and line[0].done():  # cancelled while it waited
            line.popleft()
        return line[0] if line else None

    def _busy(self, what: str, *, image: bool = False) -> ServiceBusy:
        wait_s = max(1, round(self._queue_s * (1 + self.waiting) / (1 + self._queue + self.total)))
        hint = "repeat it after the time in Retry-After"
        return ServiceBusy(
            what, hint=hint if image else f"{hint}, or send it to POST /jobs", retry_after_s=wait_s
        )
