"""What is in the line, read, cut, embedded and published; resumed after any end of the process.

An item leaves the line when its end is in the catalogue: it can be found, or it failed and says why. Until
then every step may be done again: writing a version replaces what was written of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import numpy as np

from casewright.errors import (
    CasewrightError,
    DocumentWorkerLost,
    NotFound,
    NotReady,
    ServiceFailure,
    StorageError,
    UnreadableDocument,
)
from casewright.knowledge.ingest.backlog import Backlog, Taken
from casewright.knowledge.ingest.live import Live, key_of
from casewright.knowledge.ingest.originals import Originals
from casewright.knowledge.ingest.reading import GIVEN, Converter, File, from_text
from casewright.knowledge.ingest.spool import Spool
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, SourceDocument
from casewright.knowledge.store import DocumentRecord, Failure, Library
from casewright.knowledge.store.rewinding import take_back
from casewright.knowledge.store.values import UNFINISHED

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
Cut = Callable[[SourceDocument], Sequence[Chunk]]
# Chunks and their document's name to a row each.
Embed = Callable[[Sequence[Chunk], str], Awaitable[Vectors]]
# Seconds, by part: read, cut, embed, write.
Timed = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """``workers`` items are at work at once: while one is embedded the next is read.

    ``batch`` chunks are embedded at a time, so that a query gets its turn between them. An item that was at
    work when the process ended is begun ``attempts`` times at most.
    """

    workers: int = 2
    batch: int = 16
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipeline works with; ``cut`` and ``embed`` know the embedding model."""

    library: Library
    backlog: Backlog
    spool: Spool
    converter: Converter
    originals: Originals
    cut: Cut
    embed: Embed


def _untimed(part: str, seconds: float) -> None:
    """Nobody counts."""


class Pipeline:
    """Used from one event loop, between ``start`` and ``aclose``."""

    def __init__(self, config: PipelineConfig, parts: Parts, timed: Timed = _untimed) -> None:
        self.config = config
        self.parts = parts
        self.live: dict[str, Live] = {}
        self._timed = timed
        self._wake = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._stuck: list[Taken] = []
        self._documents: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._cases: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def running(self) -> int:
        """How many items are at work."""
        return sum(found.task is not None for found in self.live.values())

    @property
    def waiting(self) -> int:
        """How many items are in the line."""
        return len(self.live) - self.running

    async def start(self) -> None:
        """Take up what an earlier process left, and begin."""
        await self._take_up()
        self._workers = [asyncio.ensure_future(self._work()) for _ in range(self.config.workers)]
        self._wake.set()

    async def aclose(self) -> None:
        """Stop; what is at work goes back into the line, for the next process."""
        for task in self._workers:
            task.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def enter(self, live: Live) -> None:
        """An item at the end of the line; on disk when this returns."""
        self.live[live.key] = live
        try:
            await _whole(self.parts.backlog.put, live.key)
        except CasewrightError:
            del self.live[live.key]
            raise
        self._wake.set()

    async def drop(self, document: str) -> None:
        """Stop everything about a document that is to be erased; its uploads are the caller's to remove."""
        for found in [found for found in self.live.values() if found.document == document]:
            found.deleted = True
            if found.task is not None:
                found.task.cancel()
                await asyncio.wait((found.task,))
            found.tell()

    async def go_on(self) -> None:
        """Take up what had to be put down as nothing could be written; for when something can be again.

        Raises:
            StorageError: nothing can be written yet.
        """
        while self._stuck:
            await _whole(self.parts.backlog.give_back, self._stuck[-1])
            self._stuck.pop()
        self._wake.set()

    async def _take_up(self) -> None:
        library = self.parts.library
        in_line = set(await _whole(self.parts.backlog.items))
        kept = set(await _whole(self.parts.spool.all))
        for _, document, version in await _whole(library.unfinished):
            if key_of(document, version) not in kept:
                await _whole(take_back, library.database, document, version)
        for case_id, document, version in await _whole(library.unfinished):
            live = Live(case_id, document, version)
            if live.key in kept:
                self.live[live.key] = live
                if live.key not in in_line:
                    await _whole(self.parts.backlog.put, live.key)
                continue
            lost = Failure("storage", "the upload did not reach the disk", "send the file again")
            await _whole(library.advance, document, version, "failed", failure=lost)
        orphans = kept - set(self.live)
        if orphans:
            await _whole(self._sweep, orphans)

    def _sweep(self, orphans: set[str]) -> None:
        """Remove uploads that nothing refers to: those that were not acknowledged, or are read already."""
        library = self.parts.library
        failed = {
            key_of(record.id, record.newest)
            for case in library.cases()
            for record in library.documents(case.id)
            if record.state == "failed"
        }
        for orphan in sorted(orphans - failed):
            self.parts.spool.discard(orphan)

    async def _work(self) -> None:
        while True:
            taken = await self._next()
            live = self.live.get(taken.item)
            if live is None or live.deleted:
                await self._ended(taken)
                continue
            working = live.task = asyncio.ensure_future(self._item(taken, live))
            try:
                await asyncio.wait((working,))
            except asyncio.CancelledError:
                working.cancel()
                await asyncio.wait((working,))
                if taken.item in self.live:  # it had not just come to its end
                    self.parts.backlog.give_back(taken)
                raise
            if working.cancelled():  # its document is to be erased
                await self._ended(taken)

    async def _next(self) -> Taken:
        while True:
            self._wake.clear()
            try:
                taken = await _whole(self.parts.backlog.take)
            except StorageError as error:
                log.error("the backlog cannot be read: %s", error.message)
                taken = None
            if taken is not None:
                self._wake.set()
                return taken
            await self._wake.wait()

    async def _ended(self, taken: Taken) -> None:
        """An item is at its end; where that cannot be written it is gone on with later."""
        try:
            await self._leave(taken)
        except CasewrightError as trouble:
            self._put_down(taken, trouble)

    def _put_down(self, taken: Taken, trouble: CasewrightError) -> None:
        """Its end cannot be written: it stays in the line for ``go_on``, or for the next process."""
        log.error("how an item ended cannot be written yet: %s", trouble.message)
        self._stuck.append(taken)
        live = self.live.get(taken.item)
        if live is not None:
            live.task = None

    async def _leave(self, taken: Taken) -> None:
        """An item is at its end, and that is written down."""
        await _whole(self.parts.backlog.done, taken)
        live = self.live.pop(taken.item, None)
        if live is None:
            return
        if all(found.document != live.document for found in self.live.values()):
            self._documents.pop(live.document, None)
        if all(found.case_id != live.case_id for found in self.live.values()):
            self._cases.pop(live.case_id, None)
        live.tell()

    async def _item(self, taken: Taken, live: Live) -> None:
        error: CasewrightError | None = None
        failed = False
        try:
            # an older version is never published after a newer one
            async with self._documents[live.document]:
                failed = await self._through(taken, live)
        except NotFound as lost:
            error = None if live.deleted or await self._is_gone(live) else lost
        except CasewrightError as failure:
            error = failure
        except Exception:
            log.exception("an item failed by a defect")
            error = ServiceFailure("this is our defect", hint="see the service's log, and retry it")
        try:
            if error is not None:
                await self._fail(live, error)
            elif not failed:
                await _whole(self.parts.spool.discard, live.key)
            await self._leave(taken)
        except CasewrightError as trouble:
            self._put_down(taken, trouble)

    async def _is_gone(self, live: Live) -> bool:
        try:
            await _whole(self.parts.library.document, live.case_id, live.document)
        except NotFound:
            return True
        return False

    async def _fail(self, live: Live, error: CasewrightError) -> None:
        failure = Failure(error.kind, error.message, error.hint)
        with contextlib.suppress(NotFound):  # deleted meanwhile
            await _whole(self.parts.library.advance, live.document, live.version, "failed", failure=failure)

    async def _through(self, taken: Taken, live: Live) -> bool:
        """Do all of it; True where it failed before, and only that was not written down in the line."""
        library = self.parts.library
        record = await _whole(library.document, live.case_id, live.document)
        if record.newest != live.version:
            raise NotReady(
                f"version {record.newest} came before this one was read",
                hint="the newer one is what will be found",
            )
        if record.state not in UNFINISHED:
            return record.state == "failed"  # it was at its end when the process or the disk was
        if taken.attempts > self.config.attempts:
            raise DocumentWorkerLost(
                f"the service ended {taken.attempts - 1} times while it worked on this: it is left",
                hint="see its log; open the file, save it again and send that",
            )
        await _whole(library.advance, live.document, live.version, "reading")
        live.tell()
        began = time.perf_counter()
        source = await self._read(taken, live, record)
        began = self._took("read", began)
        await _whole(
            library.advance,
            live.document,
            live.version,
            "embedding",
            pages=len(source.pages),
            warnings=source.warnings,
        )
        live.tell()
        chunks = await _whole(self.parts.cut, source)
        if not chunks:
            raise UnreadableDocument("there is nothing in it to be found by", hint="see how its pages look")
        began = self._took("cut", began)
        vectors = await self._embed(live, record.name, chunks)
        began = self._took("embed", began)
        async with self._cases[live.case_id]:  # one writer at a time, and no thread that waits for it
            await _whole(self._write, live, source, chunks, vectors)
        self._took("write", began)
        live.tell()
        await self._drop_older(live, source)
        return False

    async def _read(self, taken: Taken, live: Live, record: DocumentRecord) -> SourceDocument:
        spool, library = self.parts.spool, self.parts.library
        path = await _whole(spool.path, live.key)
        if record.media_type == GIVEN:
            return await _whole(lambda: from_text(record.name, path.read_bytes()))
        others = None
        if taken.attempts > 1 and record.original is None:
            others = await _whole(self._originals)
        created = path.stat().st_mtime
        file = File(path, record.name, record.sha256, created, record.original, others, live.password)

        async def begun(original: str) -> None:
            await _whole(library.advance, live.document, live.version, "reading", original=original)

        return await self.parts.converter.convert(file, live.pages, begun)

    def _originals(self) -> frozenset[str]:
        library = self.parts.library
        return frozenset(
            record.original
            for case in library.cases()
            for record in library.documents(case.id)
            if record.original is not None
        )

    async def _embed(self, live: Live, name: str, chunks: Sequence[Chunk]) -> Vectors:
        size = self.config.batch
        live.chunks(0, len(chunks))
        rows: list[Vectors] = []
        for start in range(0, len(chunks), size):
            rows.append(await self.parts.embed(chunks[start : start + size], name))
            live.chunks(min(start + size, len(chunks)), len(chunks))
        return np.concatenate(rows)

    async def _drop_older(self, live: Live, source: SourceDocument) -> None:
        """Remove the originals that this version took the place of; what cannot be removed now is noted."""
        kept = await _whole(self.parts.library.originals, live.document)
        older = [original for original in kept if original != source.original]
        if older:
            await self.parts.originals.superseded(older)

    def _write(self, live: Live, source: SourceDocument, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        library = self.parts.library
        with library.writer(live.case_id) as writer:
            writer.add(live.document, live.version, source, chunks, vectors)
            writer.publish(live.document, live.version)
            # before another writes: whose turn it is finds that texts and catalogue agree
            library.advance(
                live.document,
                live.version,
                "ready" if source.status == "ok" else "partial",
                pages=len(source.pages),
                chunks=len(chunks),
                warnings=source.warnings,
                original=source.original,
                media_type=source.media_type,
            )

    def _took(self, part: str, began: float) -> float:
        now = time.perf_counter()
        self._timed(part, now - began)
        return now


async def _whole(function: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """In a thread, to its end: who is cancelled meanwhile leaves when nothing is being written any more."""
    working = asyncio.ensure_future(asyncio.to_thread(function, *args, **more))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait((working,))
        raise
