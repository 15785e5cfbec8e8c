"""The pool when something outside goes wrong: a full disk, a killer, a slow start, a folder that is gone."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PosixPath
from types import FrameType
from typing import Any, cast

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.documents import wire, worker
from casewright.documents.blocks import Found, Opened
from casewright.documents.child import Child, sweep
from casewright.documents.pages import reading_of
from casewright.documents.sandbox import Bounds
from casewright.documents.workers import WorkerConfig, Workers
from casewright.errors import DiskFull, DocumentWorkerLost
from unit.documents.busy import reading
from unit.documents.making import long_tiff
from unit.documents.pooling import Killer, assert_reads, folders_of, pool, until


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("£1,240.50")
    return path


class Full(PosixPath):
    """A place on a disk on which there is no room."""

    def mkdir(self, *_args: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def resolve(self, strict: bool = False) -> Full:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


class Ended:
    """Stands for a process that has ended, whose number may be given away again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode = -signal.SIGKILL
        self.stderr = asyncio.StreamReader()
        self.stderr.feed_eof()

    async def wait(self) -> int:
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class FullLine:
    """A service to which a worker's first word fails for want of room, and its next is heard."""

    def __init__(self, why: int) -> None:
        self.said: list[wire.Answer] = []
        self._why = [why]

    def say(self, answer: wire.Answer) -> None:
        if self._why:
            why = self._why.pop()
            raise OSError(why, os.strerror(why))
        self.said.append(answer)


async def test_a_file_whose_worker_was_killed_from_outside_is_read_again(tmp_path: Path) -> None:
    file = long_tiff(tmp_path / "a.tiff", 2)
    async with pool() as workers:
        killer = Killer(workers, lambda found, pages: isinstance(found, Opened))
        found = await workers.read(file, "a.tiff", on_found=killer)
    assert [page.unread for page in found.pages] == [False, False]
    assert not found.lost
    assert sum(isinstance(one, Opened) for one in killer.heard) == 1


async def test_a_file_that_gets_its_workers_killed_is_read_twice_and_no_more(
    tmp_path: Path, note: Path
) -> None:
    file = long_tiff(tmp_path / "a.tiff", 2)
    killed: set[int] = set()

    async def kill() -> None:
        while True:
            for pid in workers.pids():
                if pid not in killed and reading(pid):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            await asyncio.sleep(0)

    async with pool() as workers:
        killing = asyncio.ensure_future(kill())
        with pytest.raises(DocumentWorkerLost, match=r"died \(exit code -9\)"):
            await workers.read(file, "a.tiff")
        killing.cancel()
        assert len(killed) == 2
        await assert_reads(workers, note)


def children() -> set[int]:
    """The processes that this one has started, those of other tests included."""
    return {child.pid for child in psutil.Process().children()}


async def test_a_worker_that_is_slow_to_come_is_let_come(note: Path) -> None:
    before = children()
    workers = Workers(WorkerConfig(workers=1, ping_s=0.1))
    try:
        assert not await workers.alive()
        (started,) = children() - before
        for _ in range(200):
            if await workers.alive():
                break
        assert workers.pids() == [started]
        await assert_reads(workers, note)
    finally:
        await workers.aclose()


async def test_the_end_comes_to_those_who_wait_for_a_worker(note: Path) -> None:
    before = children()
    workers = Workers(WorkerConfig(workers=1))
    task = asyncio.ensure_future(workers.read(note, "note.txt"))
    await until("a worker to be on its way", lambda: children() > before)
    await workers.aclose()
    with pytest.raises(DocumentWorkerLost, match="stopping"):
        await task


async def test_a_full_disk_is_neither_the_files_nor_the_workers_fault(
    tmp_path: Path, note: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with pool() as workers:
        before = workers.pids()
        with pytest.raises(DiskFull, match="no space"):
            await workers.read(Full(note), "note.txt")
        await assert_reads(workers, note)
        assert workers.pids() == before
    workers = Workers(WorkerConfig(workers=1, folder=Full(tmp_path)))
    assert not await workers.alive()
    assert "no worker answers: no space is left" in caplog.text
    with pytest.raises(DiskFull):
        await workers.read(note, "note.txt")
    await workers.aclose()


@pytest.mark.parametrize("why", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_by_a_worker_too(why: int) -> None:
    line = FullLine(why)
    worker._answer(cast(worker._Line, line), wire.Ping())
    (refused,) = line.said
    assert isinstance(refused, wire.Refused)
    assert isinstance(refused.error(), DiskFull)


async def test_workers_have_their_folders_where_they_are_told(tmp_path: Path, note: Path) -> None:
    folder = tmp_path / "data" / "workers"
    left = folder / f"casewright-worker-{os.getpid()}-1-left"
    (left / "in").mkdir(parents=True)
    async with pool(folder=folder) as workers:
        assert not left.exists()
        (made,) = folder.iterdir()
        assert {part.name for part in made.iterdir()} == {"in", "out"}
        await assert_reads(workers, note)
        assert not folders_of(os.getpid())
        sweep(folder)
        assert made.is_dir()
    assert not list(folder.iterdir())


async def test_what_a_file_left_is_taken_away_beside_the_loop(note: Path) -> None:
    called: list[str] = []

    def on_call(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name in ("tidy", "forget"):
            called.append(frame.f_code.co_name)

    async with pool() as workers:
        sys.setprofile(on_call)  # of this thread, which is the loop's
        try:
            await assert_reads(workers, note)
        finally:
            sys.setprofile(None)
    assert set(called) == {"tidy"}


async def test_a_worker_whose_folder_does_not_let_itself_be_tidied_is_replaced(note: Path) -> None:
    def lose(_found: Found) -> None:
        for folder in folders_of(os.getpid()):
            shutil.rmtree(folder / "out", ignore_errors=True)

    async with pool() as workers:
        (pid,) = workers.pids()
        found = await workers.read(note, "note.txt", on_found=lose)
        assert reading_of(found).markdown == "£1,240.50"
        await assert_reads(workers, note)
        assert pid not in workers.pids()


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes, each in a group of its own."""
    made = [subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) for _ in range(2)]
    yield made
    for one in made:
        one.kill()
        one.wait()


async def test_a_number_that_somebody_else_has_by_now_is_not_signalled(
    tmp_path: Path, sleepers: list[subprocess.Popen[bytes]]
) -> None:
    left, other = sleepers
    ours, theirs = socket.socketpair()
    streams = await asyncio.open_unix_connection(sock=ours)
    with theirs:
        ended = Ended(left.pid)
        child = Child(cast(Any, ended), streams, tmp_path / "folder", Bounds())
        await child.ended()
        assert await asyncio.to_thread(left.wait) == -signal.SIGKILL  # what it left behind ends with it
        ended.pid = other.pid
        child.kill()
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(other.wait, 0.2)
