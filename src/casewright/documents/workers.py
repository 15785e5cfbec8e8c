"""The pool of processes that read files.

A file can crash its reader, blow it up or keep it for ever; so it is read in another process, with a deadline
and a memory bound. pebble's pool is used because the standard library's cannot end one task: a worker that
dies there takes the pool with it, and one that hangs is waited for.

pebble itself gives up when a worker dies that had nothing to do (the system may end it for want of memory);
then a new pool takes the old one's place here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import resource
import signal
import time
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from casewright import errors
from casewright.documents.convert import convert
from casewright.documents.limits import DocumentLimits
from casewright.documents.ocr import OcrOptions
from casewright.documents.pages import Converted
from casewright.errors import (
    CasewrightError,
    DocumentError,
    DocumentTimeout,
    DocumentTooLarge,
    DocumentWorkerLost,
    InstallError,
    ServiceFailure,
    UnreadableDocument,
    UnsupportedMedia,
)
from casewright.observability.logs import set_up

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

PING_S = 5.0


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """``workers`` processes, each ended after ``max_tasks`` files (a parser's memory only grows).

    ``memory_bytes`` bounds a worker's address space; with the OCR engine in it a worker takes 0.9 GB.
    ``deadline_s`` is for one file; ``start_s`` more is allowed for a worker to come up.
    """

    workers: int = 2
    max_tasks: int = 100
    memory_bytes: int = 4 * 1024**3
    deadline_s: float = 120.0
    start_s: float = 30.0
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    ocr: OcrOptions = field(default_factory=OcrOptions)


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of ours on its way out of a worker (exceptions with our constructors do not pickle)."""

    kind: str
    message: str
    hint: str

    def error(self) -> CasewrightError:
        """The error as it was raised."""
        return _BY_KIND.get(self.kind, ServiceFailure)(self.message, hint=self.hint)


_BY_KIND: dict[str, type[CasewrightError]] = {
    found.kind: found
    for found in (
        UnsupportedMedia,
        InstallError,
        DocumentError,
        UnreadableDocument,
        errors.EncryptedDocument,
        DocumentTooLarge,
    )
}


class Workers:
    """The pool; used from one event loop. Close it with ``aclose``."""

    def __init__(self, config: WorkerConfig) -> None:
        self.config = config
        self._pool: ProcessPool | None = None
        self._answered = False
        self._pinging: asyncio.Task[None] | None = None
        self._closed = False

    async def convert(self, path: Path, name: str) -> Converted:
        """Read a file in a worker. Cancelling the caller ends the worker that reads it.

        Raises:
            DocumentTimeout: it took longer than allowed.
            DocumentWorkerLost: its worker died; others are not touched.
            DocumentError, UnsupportedMedia: as ``convert.convert`` says.
        """
        config = self.config
        found = await self._run(convert_here, path, name, config.limits, config.ocr)
        if isinstance(found, Refused):
            raise found.error()
        assert isinstance(found, Converted)
        return found

    async def alive(self) -> bool:
        """Whether a worker of the present pool has answered; starts a new pool if the present one broke."""
        if self._closed:
            return False
        self._ready()
        if not self._answered:
            if self._pinging is None or self._pinging.done():
                self._pinging = asyncio.ensure_future(self._ping())
            await asyncio.wait((self._pinging,), timeout=PING_S)
        return self._answered

    def pids(self) -> list[int]:
        """The process ids of the workers there are now."""
        manager = None if self._pool is None else self._pool._pool_manager.worker_manager
        return [] if manager is None else list(manager.workers)

    async def aclose(self) -> None:
        """End every worker, whatever it is doing."""
        self._closed = True
        if self._pinging is not None:
            self._pinging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pinging
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(_end, pool)

    async def _ping(self) -> None:
        try:
            await self._run(_here)
        except DocumentError as error:
            log.warning("no worker answers: %s", error.message)

    async def _run(self, function: Any, *args: Any) -> Any:
        config = self.config
        pool = self._ready()
        began = time.monotonic()
        try:
            future = pool.schedule(function, args=args, timeout=config.deadline_s)
            async with asyncio.timeout(config.deadline_s + config.start_s):
                answer = await asyncio.wrap_future(future)
        except TimeoutError as error:
            if time.monotonic() - began >= config.deadline_s + config.start_s:
                self._replace(pool, "a worker did not come up, or held the pool's lock when it died")
            raise _late(config.deadline_s) from error
        except ProcessExpired as error:
            raise _lost(error.exitcode) from error
        except (BrokenProcessPool, RuntimeError, FutureCancelled) as error:
            self._replace(pool, str(error))
            raise _lost(None) from error
        self._answered = self._answered or pool is self._pool
        return answer

    def _ready(self) -> ProcessPool:
        if self._closed:
            raise DocumentWorkerLost("the service is stopping", hint="send the file again in a moment")
        if self._pool is not None and not self._pool.active:
            self._replace(self._pool, "a worker ended while it had nothing to do")
        if self._pool is None:
            config = self.config
            self._pool = ProcessPool(
                config.workers,
                config.max_tasks,
                initializer=_prepare,
                initargs=(config.memory_bytes,),
                context=multiprocessing.get_context("spawn"),  # inherits no sockets and no locks
            )
            self._answered = False
        return self._pool

    def _replace(self, pool: ProcessPool, why: str) -> None:
        if pool is not self._pool:
            return
        log.warning("the pool of workers is replaced: %s", why)
        self._pool = None
        asyncio.get_running_loop().run_in_executor(None, _end, pool)


def convert_here(path: Path, name: str, limits: DocumentLimits, ocr: OcrOptions) -> Converted | Refused:
    """``convert`` for the inside of a worker: what can go wrong comes back as a value."""
    try:
        return convert(path, name, limits, ocr)
    except CasewrightError as error:
        return Refused(error.kind, error.message, error.hint)
    except MemoryError:
        return Refused(
            DocumentTooLarge.kind,
            "reading this file takes more memory than allowed",
            "split it and send its parts",
        )
    except Exception as error:
        log.exception("a reader failed")
        what = f"reading this file failed in an unforeseen way ({type(error).__name__})"
        return Refused(UnreadableDocument.kind, what, "open it, save it again and send that")


def _here() -> bool:
    return True


def _prepare(memory_bytes: int) -> None:
    """Make a fresh worker harmless: bounded memory, no core files, gone at once when told."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for native code to return
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_up("documents-worker", "WARNING")


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _late(deadline_s: float) -> DocumentTimeout:
    return DocumentTimeout(
        f"reading this file took longer than {deadline_s:g} s and was ended",
        hint="split it, or raise CASEWRIGHT_DOCUMENT_SECONDS",
    )


def _lost(exitcode: int | None) -> DocumentWorkerLost:
    how = f" (exit code {exitcode})" if exitcode is not None else ""
    return DocumentWorkerLost(
        f"the process that read this file died{how}",
        hint="send it again; if that repeats, the file is damaged or needs more memory than allowed",
    )
