"""Bounded admission: so many at work, so many waiting, none for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from casewright.errors import ServiceBusy


class Gate:
    """At most ``concurrency`` inside and ``queue`` waiting, none longer than ``queue_s``.

    Places are given in order of arrival; a caller that is cancelled while waiting leaves the queue.
    """

    def __init__(self, concurrency: int, queue: int, queue_s: float) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._queue = queue
        self._queue_s = queue_s
        self.concurrency = concurrency
        self.inside = 0
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold one place.

        Raises:
            ServiceBusy: the queue is full, or no place came free in time.
        """
        if self._places.locked() and self.waiting >= self._queue:
            raise self._busy(f"{self.inside} requests are served and {self.waiting} wait, which is the bound")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._queue_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise self._busy(f"no place came free within {self._queue_s:g} s") from error
        finally:
            self.waiting -= 1
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._places.release()

    def _busy(self, what: str) -> ServiceBusy:
        # nobody knows how long the others take; a share of the queue's own deadline spreads the repeats
        wait_s = max(1, round(self._queue_s * (1 + self.waiting) / (1 + self._queue + self.concurrency)))
        return ServiceBusy(
            what, hint="repeat the request after the time in Retry-After", retry_after_s=wait_s
        )
