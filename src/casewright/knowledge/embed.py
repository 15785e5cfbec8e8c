"""Texts to vectors in a process of its own, so that the interpreter and the event loop do not wait for it.

Two are wanted in a service: one for what is ingested, on every core but polite (``INGEST``), and one for
questions (``QUERIES``), which then wait for nobody. A call is asked in slices; calls take turns slice by
slice, so a long one delays a short one by one slice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from casewright.errors import (
    CasewrightError,
    EmbeddingTimeout,
    EmbeddingWorkerLost,
    ServiceBusy,
)
from casewright.knowledge.embed_child import EmbedChild
from casewright.knowledge.models import Model
from casewright.knowledge.ports import Vectors
from casewright.knowledge.tokens import sayable

log = logging.getLogger(__name__)

# About a second of MiniLM on two cores: what a call that is given up may still cost.
SLICE = 32
# No model here reads as far; the rest need not travel to be left out.
TEXT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class EmbedderConfig:
    """``threads`` texts are embedded at once, at the priority ``nice`` (0 to 19, higher gives way).

    ``calls`` may be under way or wait. A slice has ``slice_s``; the process has ``start_s`` to load its
    model. A slice whose caller has gone is let run out, as another process would take longer to come; after
    ``linger_s`` it is ended, which costs nobody an answer.
    """

    threads: int = 2
    nice: int = 0
    calls: int = 64
    slice_s: float = 60.0
    start_s: float = 60.0
    linger_s: float = 5.0


INGEST = EmbedderConfig(threads=2, nice=19)
QUERIES = EmbedderConfig(threads=1)


class ProcessEmbedder:
    """``ports.Embedder`` over one process, which comes with the first call (or ``start``).

    A process that died is replaced. Used from one event loop. Close it with ``aclose``.
    """

    def __init__(self, model: Model, config: EmbedderConfig = QUERIES) -> None:
        self.stamp = model.stamp
        self.max_tokens = model.max_tokens
        self._kind = model.kind
        self._config = config
        self._turn = asyncio.Lock()
        self._coming: asyncio.Task[EmbedChild] | None = None
        self._asking: asyncio.Task[Vectors] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id, where there is a process."""
        child = _result(self._coming)
        return child.pid if child is not None and child.lives else None

    async def start(self) -> None:
        """Have the process there before the first call.

        Raises:
            InstallError: the model cannot be loaded.
            EmbeddingTimeout, EmbeddingWorkerLost: it does not come up.
        """
        await self._child()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, float32, of length 1; what is beyond ``max_tokens`` of a text is not seen.

        Cancelling it takes back what was not begun.

        Raises:
            ServiceBusy: too many calls wait.
            EmbeddingTimeout, EmbeddingWorkerLost: its process hung or died; the next call has a new one.
            EmbeddingError: the model failed on these texts.
            InstallError: the model cannot be loaded.
        """
        if self._calls >= self._config.calls:
            raise ServiceBusy("too many texts wait to be embedded", hint="repeat it in a moment")
        self._calls += 1
        try:
            rows = np.empty((len(texts), self.stamp.dimensions), dtype=np.float32)
            for first in range(0, len(texts), SLICE):
                part = [sayable(text[:TEXT_CHARS]) for text in texts[first : first + SLICE]]
                async with self._turn:
                    rows[first : first + len(part)] = await self._ask(part)
            return rows
        finally:
            self._calls -= 1

    async def aclose(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        self._clear()
        await asyncio.gather(*self._leaving)
        await self._settled()

    async def _ask(self, texts: Sequence[str]) -> Vectors:
        """One slice; called by whose turn it is."""
        await self._settled()
        child = await self._child()
        asking = self._asking = asyncio.ensure_future(self._heard(child, texts))
        asking.add_done_callback(_seen)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(self._config.linger_s, self._give_up, asking)
            raise

    async def _heard(self, child: EmbedChild, texts: Sequence[str]) -> Vectors:
        try:
            return await child.ask(texts, self._config.slice_s)
        except (EmbeddingTimeout, EmbeddingWorkerLost) as error:
            if self._closed:
                raise _stopping() from error
            log.warning("%s", error.message)
            if _result(self._coming) is child:
                self._clear()
            await child.ended()  # two models at once would be one too many for the memory
            self._begin()  # at once, so that the next call need not wait for it
            raise

    async def _settled(self) -> None:
        """Wait for the slice of a caller that has gone: its answer would pass for the next one's."""
        if self._asking is not None and not self._asking.done():
            with contextlib.suppress(CasewrightError):  # its error was its caller's
                await asyncio.shield(self._asking)

    def _give_up(self, asking: asyncio.Task[Vectors]) -> None:
        if not asking.done() and (child := _result(self._coming)) is not None:
            child.kill()

    async def _child(self) -> EmbedChild:
        child = _result(self._coming)
        if child is None or not child.lives:
            self._begin()
        coming = self._coming
        assert coming is not None
        try:
            return await asyncio.shield(coming)  # who waits for it may go; it comes for the next
        except asyncio.CancelledError:
            if self._closed and coming.cancelled():
                raise _stopping() from None
            raise

    def _begin(self) -> None:
        if self._closed:
            raise _stopping()
        if self._coming is not None and not self._coming.done():
            return
        self._clear()
        config = self._config
        self._coming = asyncio.ensure_future(
            EmbedChild.start(
                self._kind, self.stamp, threads=config.threads, nice=config.nice, start_s=config.start_s
            )
        )
        self._coming.add_done_callback(_seen)

    def _clear(self) -> None:
        """End the process that is there or coming."""
        coming, self._coming = self._coming, None
        if coming is None:
            return
        if (child := _result(coming)) is not None:
            child.kill()
        leaving = asyncio.ensure_future(_end(coming))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


def _result(coming: asyncio.Task[EmbedChild] | None) -> EmbedChild | None:
    done = coming is not None and coming.done() and not coming.cancelled() and coming.exception() is None
    return coming.result() if coming is not None and done else None


def _seen(task: asyncio.Task[Any]) -> None:
    """Look at the error of what nobody may be waiting for any more; who does has it too."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("embedding: %s", error)


async def _end(coming: asyncio.Task[EmbedChild]) -> None:
    coming.cancel()
    with contextlib.suppress(asyncio.CancelledError, CasewrightError):
        child = await coming
        child.kill()
        await child.ended()


def _stopping() -> EmbeddingWorkerLost:
    return EmbeddingWorkerLost("the service is stopping", hint="repeat it in a moment")
