"""The pool of processes that read files.

A file can crash its reader, blow it up or keep it for ever; so it is read in another process, which is
bounded (``sandbox``) and can be ended. Pages leave it as they are read: what is lost with a worker is the
page at which it ended, and reading goes on behind that page in a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from casewright.documents import wire
from casewright.documents.blocks import Found
from casewright.documents.child import Child, sweep
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.documents.pages import Converted
from casewright.documents.rescue import Rescue
from casewright.documents.sandbox import Bounds, Isolation
from casewright.errors import CasewrightError, DocumentTimeout, DocumentWorkerLost, StorageError

log = logging.getLogger(__name__)
OnFound = Callable[[Found], None]

VIEW_DPI = 150


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """``workers`` processes, each ended after ``max_tasks`` files, or with more than ``resident_bytes``.

    A worker that a file has taken over sees the files that it is given afterwards, up to ``max_tasks``: 1
    keeps them apart, at the price of starting a process for each.

    ``deadline_s`` is for one file, ``page_s`` for the time until its next page; ``rescue_s`` is how much of a
    file's time may be lost to pages that end their worker before the rest is given up. ``cpu_s`` of processor
    time ends a worker even where nobody watches it. A worker has ``start_s`` to come up and ``ping_s`` to say
    that it is there. ``options`` are for files that come with none. Workers have their folders in ``folder``,
    None is the system's temporary directory; a file is linked into one, or copied from another disk.
    """

    workers: int = 2
    max_tasks: int = 100
    resident_bytes: int = 1400 * 1024 * 1024
    page_s: float = 20.0
    deadline_s: float = 120.0
    rescue_s: float = 25.0
    start_s: float = 30.0
    ping_s: float = 5.0
    cpu_s: int | None = None
    bounds: Bounds = field(default_factory=Bounds)
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    options: ReadOptions = field(default_factory=ReadOptions)
    folder: Path | None = None


class Workers:
    """The pool; used from one event loop. Callers wait in order. Close it with ``aclose``."""

    def __init__(self, config: WorkerConfig) -> None:
        self.config = config
        self._seats = [_Seat(config) for _ in range(config.workers)]
        self._free = list(self._seats)
        self._turn = asyncio.Semaphore(config.workers)
        self._closed = False
        self._swept = False

    async def read(
        self, path: Path, name: str, options: ReadOptions | None = None, *, on_found: OnFound | None = None
    ) -> Converted:
        """Read a file in a worker; ``on_found`` hears every word of it as it comes.

        Cancelling the caller ends the worker. Where some pages were read, what ended their reader is told in
        ``lost``; otherwise it is raised.

        Raises:
            DocumentTimeout: nothing was read within the time allowed.
            DocumentWorkerLost: its worker died before anything was read; others are not touched.
            DiskFull: there is no room to read it in.
            DocumentError, UnsupportedMedia: as ``convert.read_file`` says.
        """
        options = options or self.config.options
        rescue = Rescue(options.first_page, self.config.rescue_s, on_found)
        async with self._seat(programs=options.ocr.engine == "tesseract") as seat:
            until = time.monotonic() + self.config.deadline_s
            while True:
                again = replace(options, first_page=rescue.next_page)
                if await self._attempt(seat, (path, name), again, rescue, until):
                    return rescue.outcome()

    async def render(
        self, path: Path, page: int, *, dpi: int = VIEW_DPI, password: str | None = None
    ) -> bytes:
        """Page ``page`` (from 1) of a PDF or picture as PNG, upright as its boxes are.

        Raises:
            NotFound: there is no such page.
            DocumentError, UnsupportedMedia: it cannot be shown, or has no pages to look at.
        """
        config = self.config
        async with self._seat(programs=False, any_kind=True) as seat:
            child = await seat.child()
            here = wire.portable(await child.place(path))
            await child.ask(wire.ViewTask(here, page, dpi, config.limits, self._cpu_s, password))
            said = await child.hear(config.page_s)
            if not isinstance(said, wire.Picture):
                raise DocumentWorkerLost("the page was not shown", hint="look at the original file")
            return said.png

    async def alive(self) -> bool:
        """Whether a worker answers; starts those that there should be."""
        if self._closed:
            return False
        for seat in self._seats:
            seat.prepare()
        if self._turn.locked():
            return any(seat.lives for seat in self._seats)
        wait = self.config.ping_s
        try:
            async with self._seat(any_kind=True) as seat:
                # one that is slow to come is let come: ended, it would never be there
                if (child := await seat.child_within(wait)) is None:
                    log.warning("no worker answers: none has come up yet")
                    return False
                async with asyncio.timeout(wait):
                    await child.ask(wire.Ping())
                    await child.hear(wait)
        except CasewrightError as error:
            log.warning("no worker answers: %s", error.message)
            return False
        except TimeoutError:
            log.warning("no worker answers: it takes no task within %g s", wait)
            return False
        return True

    def pids(self) -> list[int]:
        """The process ids of the workers there are now."""
        return [seat.pid for seat in self._seats if seat.pid is not None]

    def isolation(self) -> Isolation | None:
        """What holds the workers, as the last of them said; None before any has come up."""
        told = [seat.isolation for seat in self._seats if seat.isolation is not None]
        return told[-1] if told else None

    async def aclose(self) -> None:
        """End every worker, whatever it is doing."""
        self._closed = True
        await asyncio.gather(*(seat.close() for seat in self._seats))

    async def _attempt(
        self, seat: _Seat, file: tuple[Path, str], options: ReadOptions, rescue: Rescue, until: float
    ) -> bool:
        """Read on from ``options.first_page``; whether that was the end of it."""
        path, name = file
        child = await seat.child(programs=options.ocr.engine == "tesseract")
        last = time.monotonic()
        try:
            here = wire.portable(await child.place(path))
            limits = self.config.limits
            await child.ask(wire.ReadTask(here, wire.sayable(name), limits, options, self._cpu_s))
            while True:
                wait = min(rescue.patience(self.config.page_s), until - time.monotonic())
                said = await child.hear(wait)
                if isinstance(said, wire.Done):
                    rescue.done(said.language)
                    return True
                before, last = last, time.monotonic()
                rescue.take(wire.found(said), last - before)
        except (DocumentTimeout, DocumentWorkerLost) as error:
            seat.clear()
            if self._closed:
                raise _stopping() from error
            now = time.monotonic()
            if late := now >= until:
                error = _late(self.config.deadline_s)
            elif isinstance(error, DocumentWorkerLost) and child.killed and rescue.once_more(now - last):
                log.warning("a worker was killed from outside; its file is read again")
                return False
            return not rescue.go_on(error, now - last, out_of_time=late)
        except StorageError:  # nothing that the file is to be blamed for
            raise
        except CasewrightError as error:
            rescue.give_up(error)
            return True

    @property
    def _cpu_s(self) -> int:
        """Processor time of a file, over all threads of its worker."""
        return self.config.cpu_s or int(self.config.deadline_s) * self.config.options.ocr.threads

    @contextlib.asynccontextmanager
    async def _seat(self, *, programs: bool = False, any_kind: bool = False) -> AsyncIterator[_Seat]:
        if not self._swept:
            self._swept = True
            await asyncio.to_thread(sweep, self.config.folder)
        async with self._turn:
            if self._closed:
                raise _stopping()
            seat = max(
                self._free, key=lambda seat: (seat.suits(programs) or (any_kind and seat.lives), seat.lives)
            )
            self._free.remove(seat)
            try:
                yield seat
            except CasewrightError as error:
                # what it said last may still be on its way, and would pass for the next file's answer
                if isinstance(error, DocumentTimeout | DocumentWorkerLost):
                    seat.clear()
                raise
            except BaseException:
                seat.clear()
                raise
            finally:
                try:
                    await seat.tidy()
                finally:
                    self._free.append(seat)
                    seat.settle(stopping=self._closed)


class _Seat:
    """A place for one worker: there is one in it, or one is coming, or one can be had."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._coming: asyncio.Task[Child] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.isolation: Isolation | None = None

    @property
    def _here(self) -> Child | None:
        coming = self._coming
        done = coming is not None and coming.done() and not coming.cancelled() and coming.exception() is None
        return coming.result() if coming is not None and done else None

    @property
    def lives(self) -> bool:
        """Whether a worker is there."""
        return self._here is not None and self._here.lives

    @property
    def pid(self) -> int | None:
        """The process id of the worker that is there."""
        here = self._here
        return here.pid if here is not None and here.lives else None

    def suits(self, programs: bool) -> bool:
        """Whether the worker that is there may start programs, or not, as is wanted."""
        here = self._here
        return here is not None and here.lives and here.bounds.programs == programs

    def prepare(self, *, programs: bool | None = None) -> None:
        """Have a worker come, unless one that suits is there or on its way."""
        here = self._here
        settled = self._coming is None or self._coming.done()
        if here is not None and here.lives and programs in (None, here.bounds.programs):
            return
        if not settled:
            return
        self.clear()
        config = self._config
        bounds = replace(config.bounds, programs=bool(programs))
        self._coming = asyncio.ensure_future(
            Child.start(bounds, config.options.ocr.threads, config.start_s, config.folder)
        )

    async def child(self, *, programs: bool | None = None) -> Child:
        """The worker, once it has come up.

        Raises:
            DocumentWorkerLost: it does not.
            DiskFull: there is no room for its folder.
        """
        for _ in range(2):  # one that is on its way may turn out not to suit
            coming = self._coming_one(programs)
            await asyncio.wait({coming})
            child = self._come(coming)
            if child.lives and programs in (None, child.bounds.programs):
                break
        return child

    async def child_within(self, seconds: float) -> Child | None:
        """The worker, once it has come up, which may have ended since; None when that takes longer.

        Raises:
            DocumentWorkerLost, DiskFull: as ``child`` says.
        """
        coming = self._coming_one(None)
        done, _ = await asyncio.wait({coming}, timeout=seconds)
        return self._come(coming) if done else None

    def _coming_one(self, programs: bool | None) -> asyncio.Task[Child]:
        self.prepare(programs=programs)
        assert self._coming is not None
        return self._coming

    def _come(self, coming: asyncio.Task[Child]) -> Child:
        if coming.cancelled():  # by ``clear``
            raise _stopping()
        child = coming.result()
        self.isolation = child.isolation
        return child

    async def tidy(self) -> None:
        """Take away what a file left; a worker of which that cannot be done is ended."""
        here = self._here
        if here is None or not here.lives:
            return
        try:
            await asyncio.to_thread(here.forget)
        except OSError as error:
            log.warning("what a file left cannot be taken away: %s", error.strerror)
            self.clear()
        except BaseException:
            self.clear()
            raise

    def settle(self, *, stopping: bool) -> None:
        """After a file: keep the worker, or have a fresh one come in its place."""
        here = self._here
        if self._coming is not None and not self._coming.done() and not stopping:
            return
        if here is not None and here.lives and not self._is_worn(here):
            return
        self.clear()
        if not stopping:
            self.prepare()

    def clear(self) -> None:
        """End the worker that is there or coming."""
        coming, self._coming = self._coming, None
        if coming is not None:
            leaving = asyncio.ensure_future(_end(coming))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            if (child := _result(coming)) is not None:
                child.kill()

    async def close(self) -> None:
        """End the worker and wait until nothing is left of it."""
        self.clear()
        await asyncio.gather(*self._leaving)

    def _is_worn(self, child: Child) -> bool:
        held = child.resident_bytes()
        return (
            child.worn
            or child.tasks >= self._config.max_tasks
            or (held is not None and held > self._config.resident_bytes)
        )


def _result(coming: asyncio.Task[Child]) -> Child | None:
    if coming.done() and not coming.cancelled() and coming.exception() is None:
        return coming.result()
    return None


async def _end(coming: asyncio.Task[Child]) -> None:
    coming.cancel()
    with contextlib.suppress(asyncio.CancelledError, CasewrightError):
        child = await coming
        child.kill()
        await child.ended()


def _late(deadline_s: float) -> DocumentTimeout:
    return DocumentTimeout(
        f"reading this file took longer than {deadline_s:g} s and was ended",
        hint="split it, or raise CASEWRIGHT_DOCUMENT_SECONDS",
    )


def _stopping() -> DocumentWorkerLost:
    return DocumentWorkerLost("the service is stopping", hint="send the file again in a moment")
