"""Questions over a request's own documents: decided in a thread or, where they are long, in a process."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

from casewright.errors import ServiceBusy, ServiceFailure
from casewright.knowledge.answer import Decision, decide

# Up to this many characters a thread does: tens of milliseconds, during which others get their turn. Beyond
# it the interpreter would be shared for seconds, so a process of its own does.
THREAD_CHARS = 200_000


class Readers:
    """Decides in a thread or, for large documents, in a worker process that is started when first needed.

    A worker that dies is replaced; one that is over its time is ended, with whatever waits behind it. One
    whose asker left is ended if nobody else waits for it.
    """

    def __init__(self, workers: int, read_s: float) -> None:
        self._workers = workers
        self._read_s = read_s
        self._pool: ProcessPoolExecutor | None = None
        self.inside = 0

    async def decide(
        self, query: str, documents: Sequence[str], closeness: Mapping[str, float] | None = None
    ) -> Decision:
        """The decision; see ``answer.decide``.

        Raises:
            ServiceBusy: it took too long.
            ServiceFailure: the worker died of it.
        """
        if sum(map(len, documents)) <= THREAD_CHARS:
            return await asyncio.to_thread(decide, query, documents, closeness)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"), initializer=_in_worker)
        pool = self._pool
        self.inside += 1
        try:
            async with asyncio.timeout(self._read_s):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(pool, decide, query, documents, closeness)
        except asyncio.CancelledError:
            if self.inside == 1:
                self._end(pool)
            raise
        except TimeoutError:
            self._end(pool)
            raise ServiceBusy(
                f"reading the documents took longer than {self._read_s:g} s",
                hint="send fewer or shorter documents, or repeat it later",
                retry_after_s=max(1, round(self._read_s)),
            ) from None
        except BrokenProcessPool:
            if self._pool is not pool:
                raise ServiceBusy(
                    "the worker was ended for another request's sake", hint="repeat the request"
                ) from None
            self._end(pool)
            raise ServiceFailure(
                "the worker that read these documents ended",
                hint="repeat the request; with shorter documents",
            ) from None
        finally:
            self.inside -= 1

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._end(self._pool)

    def _end(self, pool: ProcessPoolExecutor) -> None:
        for process in list(
            (pool._processes or {}).values()
        ):  # the executor has no way to stop a running call
            process.kill()
        pool.shutdown(wait=False)
        if self._pool is pool:
            self._pool = None


def _in_worker() -> None:
    """In a new worker: Ctrl-C is the service's business, and no worker outlives its service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)
