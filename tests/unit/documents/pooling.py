"""A pool of real workers, and who kills them."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from casewright.documents.blocks import Found, Page
from casewright.documents.pages import reading_of
from casewright.documents.workers import WorkerConfig, Workers
from unit.documents.busy import wait_for


@asynccontextmanager
async def pool(**changes: Any) -> AsyncIterator[Workers]:
    workers = Workers(WorkerConfig(**{"workers": 1, **changes}))
    try:
        assert await workers.alive()
        yield workers
    finally:
        await workers.aclose()
    assert not await workers.alive()


async def until(what: str, condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_for, what, condition)


async def assert_reads(workers: Workers, note: Path) -> None:
    found = await workers.read(note, "note.txt")
    assert reading_of(found).markdown == "£1,240.50"


def folders_of(pid: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"casewright-worker-{pid}-*"))


class Killer:
    """Hears a file's words, and kills the worker at some of them."""

    def __init__(
        self, workers: Workers, at: Callable[[Found, int], bool], by: signal.Signals = signal.SIGKILL
    ) -> None:
        self.heard: list[Found] = []
        self._workers = workers
        self._at = at
        self._by = by

    def __call__(self, found: Found) -> None:
        self.heard.append(found)
        if self._at(found, sum(isinstance(one, Page) for one in self.heard)):
            for pid in self._workers.pids():
                os.kill(pid, self._by)
