"""The pool: a worker that dies, hangs, swells or is no longer wanted takes only its own file with it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.documents.workers import WorkerConfig, Workers
from casewright.errors import (
    DocumentError,
    DocumentTimeout,
    DocumentWorkerLost,
    EncryptedDocument,
    UnsupportedMedia,
)
from unit.documents.busy import reading, wait_for
from unit.documents.making import long_tiff, pdf


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


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("£1,240.50")
    return path


async def assert_reads(workers: Workers, note: Path) -> None:
    found = await workers.convert(note, "note.txt")
    assert found.pages[0].markdown == "£1,240.50"


async def test_errors_keep_their_class_words_and_worker(tmp_path: Path, note: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["x"], password="y"))
    (tmp_path / "a.exe").write_bytes(b"MZ" + b"\0" * 20)
    async with pool() as workers:
        before = workers.pids()
        with pytest.raises(EncryptedDocument, match="password"):
            await workers.convert(tmp_path / "a.pdf", "a.pdf")
        with pytest.raises(UnsupportedMedia, match="Windows program"):
            await workers.convert(tmp_path / "a.exe", "a.exe")
        await assert_reads(workers, note)
        assert workers.pids() == before


async def test_a_killed_worker_takes_its_file_and_nothing_else(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff")
    async with pool() as workers:
        (pid,) = workers.pids()
        task = asyncio.ensure_future(workers.convert(slow, "slow.tiff"))
        await until("the reader to be in the middle", lambda: reading(pid))
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DocumentWorkerLost, match=r"died \(exit code -9\)"):
            await task
        await assert_reads(workers, note)
        assert pid not in workers.pids()


async def test_a_file_that_takes_too_long_is_ended(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff")
    async with pool(deadline_s=0.5) as workers:
        (pid,) = workers.pids()
        began = time.monotonic()
        with pytest.raises(DocumentTimeout, match=r"longer than 0\.5 s"):
            await workers.convert(slow, "slow.tiff")
        assert time.monotonic() - began < 5
        await until("the reader to be gone", lambda: not psutil.pid_exists(pid))
        await assert_reads(workers, note)


async def test_a_cancelled_caller_ends_the_reader(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff")
    async with pool() as workers:
        (pid,) = workers.pids()
        task = asyncio.ensure_future(workers.convert(slow, "slow.tiff"))
        await until("the reader to be in the middle", lambda: reading(pid))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until("the reader to be gone", lambda: not psutil.pid_exists(pid))
        await assert_reads(workers, note)


async def test_a_file_that_needs_too_much_memory_is_an_error(tmp_path: Path, note: Path) -> None:
    picture = long_tiff(tmp_path / "a.tiff", 1)
    async with pool(memory_bytes=600 * 1024 * 1024) as workers:
        with pytest.raises(DocumentError):
            await workers.convert(picture, "a.tiff")
        await assert_reads(workers, note)


async def test_a_worker_that_dies_idle_is_replaced(note: Path) -> None:
    async with pool() as workers:
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGKILL)
        await until("the pool to notice", lambda: workers.pids() != [pid])
        assert await workers.alive()
        await assert_reads(workers, note)


async def test_workers_are_renewed_after_their_share_of_files(note: Path) -> None:
    async with pool(max_tasks=2) as workers:  # the first was the question whether it is there
        (pid,) = workers.pids()
        await assert_reads(workers, note)
        await until("the worker to be renewed", lambda: workers.pids() not in ([pid], []))
        await assert_reads(workers, note)


async def test_after_the_end_nothing_is_read_and_nobody_is_left(note: Path) -> None:
    async with pool(workers=2) as workers:
        pids = workers.pids()
        assert len(pids) == 2
    with pytest.raises(DocumentWorkerLost, match="stopping"):
        await workers.convert(note, "note.txt")
    assert not any(psutil.pid_exists(pid) for pid in pids)
