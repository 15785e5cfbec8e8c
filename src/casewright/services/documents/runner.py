"""The jobs at work: begun in order, told page by page, ended when cancelled, begun again after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from casewright.api.documents import JobStatus, StoredDocument
from casewright.documents.jobs import Job, JobBook
from casewright.documents.store import ORIGINAL, DocumentStore, Upload, stamp
from casewright.errors import (
    CasewrightError,
    DocumentWorkerLost,
    EncryptedDocument,
    NotFound,
    ServiceBusy,
    ServiceFailure,
    StorageError,
)
from casewright.services.documents.config import JobsConfig
from casewright.services.documents.desk import Bounds, Desk
from casewright.services.documents.leftovers import Leftovers, how_ended
from casewright.services.documents.live import Live, Place
from casewright.services.documents.places import Places
from casewright.services.documents.upload import Asked
from casewright.services.kit.events import Streams

log = logging.getLogger(__name__)


class Runner:
    """Runs jobs; used from one event loop, between ``start`` and ``aclose``."""

    def __init__(self, config: JobsConfig, desk: Desk, book: JobBook, places: Places) -> None:
        self.config = config
        self.streams = Streams(config.streams)
        self._desk = desk
        self._store: DocumentStore = desk.store
        self._book = book
        self._places = places
        self._live: dict[str, Live] = {}
        self._line: deque[str] = deque()
        self._wake = asyncio.Event()
        self._feeding: asyncio.Task[None] | None = None
        self._closing = False
        self._leaving = False
        self._leftovers = Leftovers(self._store, book)

    @property
    def alive(self) -> bool:
        """Whether jobs are begun at all."""
        return self._feeding is not None and not self._feeding.done()

    @property
    def waiting(self) -> int:
        """How many jobs are not begun, or are to be begun again."""
        return len(self._line) + sum(live.later is not None for live in self._live.values())

    @property
    def running(self) -> int:
        """How many jobs are at work."""
        return sum(live.task is not None for live in self._live.values())

    async def start(self) -> None:
        """Take up what an earlier process left, and begin."""
        left = await asyncio.to_thread(self._book.active)
        for job in left:
            await self._take_up(job)
        known = {job.document_id for job in left}
        for record in await asyncio.to_thread(self._store.all):
            if record.status == "queued" and record.document_id not in known:
                await self._leftovers.remove(record.document_id)
        self._feeding = asyncio.ensure_future(self._feed())

    async def aclose(self) -> None:
        """Stop; what is at work goes back into the line, for the next process."""
        self._closing = True
        for live in self._live.values():
            if live.later is not None:
                live.later.cancel()
        tasks = [live.task for live in self._live.values() if live.task is not None]
        if self._feeding is not None:
            tasks.append(self._feeding)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop_telling(self) -> None:
        """End the streams of events: the service stops, and they have no end of their own."""
        self._leaving = True
        for live in self._live.values():
            live.wake()

    def check(self) -> None:
        """Refuse a job before its file is stored.

        Raises:
            ServiceBusy: as many wait as may.
        """
        if self.waiting >= self.config.waiting:
            raise ServiceBusy(
                f"{self.waiting} jobs wait, which is the bound",
                hint="send it again after the time in Retry-After",
                retry_after_s=30,
            )

    async def submit(self, upload: Upload, record: StoredDocument, asked: Asked) -> Job:
        """Put a stored upload into the line; on disk when this returns.

        Raises:
            ServiceBusy: as many wait as may.
            StorageError: it cannot be written.
        """
        self.check()
        job = Job(
            id=str(uuid.uuid4()),
            document_id=upload.id,
            filename=record.filename,
            options=asked.written(),
            with_password=asked.password is not None,
            status="queued",
            created=time.time(),
        )
        await asyncio.to_thread(self._store.put, record)
        await asyncio.to_thread(self._book.add, job)
        self._enter(Live(job, asked.password))
        return job

    async def get(self, identity: str) -> Job:
        """A job as it is now.

        Raises:
            NotFound: there is none of that id.
        """
        live = self._live.get(identity)
        return live.job if live is not None else await asyncio.to_thread(self._book.get, identity)

    async def recent(self, limit: int, offset: int) -> tuple[list[Job], int]:
        """Jobs, newest first, and how many there are in all."""
        found = await asyncio.to_thread(self._book.recent, limit, offset)
        now = [self._live[job.id].job if job.id in self._live else job for job in found]
        return now, await asyncio.to_thread(self._book.count)

    async def cancel(self, identity: str) -> Job:
        """End a job and remove its upload; one that is ended already stays as it is.

        Raises:
            NotFound: there is none of that id.
        """
        live = self._live.get(identity)
        if live is None:
            return await asyncio.to_thread(self._book.get, identity)
        live.cancelled = True
        if live.task is not None:
            live.task.cancel()
            await asyncio.wait((live.task,))
            if identity in self._live:  # it was just putting down another end
                await self._end(live, "cancelled")
        elif live.later is not None:
            live.later.cancel()
            live.later = None
            await self._end(live, "cancelled")
        elif identity in self._line:
            self._line.remove(identity)
            await self._end(live, "cancelled")
        return await self.get(identity)

    async def forget(self, identity: str) -> None:
        """Erase an ended job; what was read stays."""
        await asyncio.to_thread(self._book.forget, identity)

    async def delete_document(self, document_id: str) -> None:
        """Remove everything of a document, its jobs too; also those of one that could not be read.

        Raises:
            NotFound: there is none of that id.
        """
        try:
            record = self._store.get(document_id)
        except NotFound:
            await asyncio.to_thread(self._book.forget_of_document, document_id)
            raise
        await self._erase(record.document_id)

    async def sweep(self) -> None:
        """Remove documents that are due, and jobs that are told of no longer.

        What cannot be removed is logged, holds nothing else up, and is tried again the next time.
        """
        for document_id in await asyncio.to_thread(self._store.all_due):
            try:
                await self._erase(document_id)
            except CasewrightError as error:
                log.error("document %s is due and cannot be removed: %s", document_id, error.message)
        await self._leftovers.sweep(time.time() - self.config.told_s)

    async def _erase(self, document_id: str) -> None:
        """Everything of a document. Its jobs go first: no name is to stay behind what it names."""
        await self._cancel_all_of(document_id)
        await asyncio.to_thread(self._book.forget_of_document, document_id)
        with contextlib.suppress(NotFound):  # its job had it alone, and has ended
            await asyncio.to_thread(self._store.delete, document_id)

    async def watch(self, identity: str, every_s: float) -> AsyncGenerator[Job | None]:
        """A job at each change until it is ended; None as a sign of life.

        Raises:
            NotFound: there is none of that id.
        """
        while True:
            live = self._live.get(identity)
            changed = live.changed if live is not None else None
            job = live.job if live is not None else await asyncio.to_thread(self._book.get, identity)
            yield job
            if changed is None or self._leaving:
                return
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(every_s):
                        await changed.wait()
                    break
                yield None

    async def _cancel_all_of(self, document_id: str) -> None:
        for identity in [live.job.id for live in self._live.values() if live.job.document_id == document_id]:
            await self.cancel(identity)

    def _enter(self, live: Live) -> None:
        self._live[live.job.id] = live
        self._line.append(live.job.id)
        self._wake.set()

    async def _take_up(self, job: Job) -> None:
        """A job that an earlier process left: in the line again, unless that is of no use."""
        live = Live(job)
        self._live[job.id] = live
        error: CasewrightError | None = None
        try:
            self._store.get(job.document_id)
        except NotFound as lost:
            error = lost
        if job.with_password:
            error = EncryptedDocument(
                "the service was started anew before this file was read, and it keeps no passwords",
                hint="send it again with its password",
            )
        elif job.status == "running" and job.attempts >= self.config.attempts:
            error = DocumentWorkerLost(
                f"the service ended {job.attempts} times while it read this file, so it is not tried again",
                hint="open it, save it again and send that",
            )
        if error is not None:
            await self._end(live, "failed", error)
        else:
            live.job = await asyncio.to_thread(self._book.change, job.id, status="queued", pages_done=0)
            self._enter(live)

    async def _feed(self) -> None:
        while True:
            while not self._line:
                self._wake.clear()
                await self._wake.wait()
            await self._places.take_job()
            if not self._line:  # cancelled while it waited for the place
                self._places.job_done()
                continue
            live = self._live.get(self._line.popleft())
            if live is None:
                self._places.job_done()
                continue
            place = Place(self._places)
            live.task = asyncio.ensure_future(self._run(live, place))
            # here, and not in the task: one that is cancelled before its first step never gets anywhere
            live.task.add_done_callback(place.give_back)

    async def _run(self, live: Live, place: Place) -> None:
        try:
            await self._read(live, place)
        except asyncio.CancelledError:
            if live.cancelled:
                await self._end(live, "cancelled")
            elif self._closing:
                attempts = max(0, live.job.attempts - 1)  # this end was not the file's doing
                self._book.change(live.job.id, status="queued", attempts=attempts, pages_done=0)
            raise
        except StorageError as error:
            await self._put_off(live, error)
        except CasewrightError as error:
            await self._end(live, "failed", error)
        except Exception:
            log.exception("a job failed by a defect")
            await self._end(
                live, "failed", ServiceFailure("this is our defect", hint="see the service's log")
            )

    async def _put_off(self, live: Live, error: StorageError) -> None:
        """The disk refused, which is not the file's doing: it stays, and is tried again later."""
        live.setbacks += 1
        if live.setbacks > self.config.setbacks:
            await self._end(live, "failed", error)
            return
        log.warning("job %s is put off for %g s: %s", live.job.id, self.config.setback_s, error.message)
        await self._begin_again(live)

    async def _begin_again(self, live: Live) -> None:
        attempts = max(0, live.job.attempts - 1)  # this one says nothing of the file
        values: dict[str, Any] = {"status": "queued", "attempts": attempts, "pages_done": 0}
        job = replace(live.job, **values)
        try:
            await asyncio.to_thread(self._book.change, job.id, **values)
        except NotFound:
            self._live.pop(job.id, None)  # forgotten with its document
            live.wake()
            return
        except StorageError as trouble:
            # it stays "running" there, which the next start takes up as well
            log.error("that job %s waits cannot be written: %s", job.id, trouble.message)
        live.task = None
        live.tell(job)
        live.later = asyncio.get_running_loop().call_later(self.config.setback_s, self._back, live)

    def _back(self, live: Live) -> None:
        live.later = None
        self._line.append(live.job.id)
        self._wake.set()

    async def _read(self, live: Live, place: Place) -> None:
        job = await asyncio.to_thread(
            self._book.change,
            live.job.id,
            status="running",
            started=time.time(),
            attempts=live.job.attempts + 1,
        )
        live.tell(job)
        record = self._store.get(job.document_id)
        upload = Upload(
            record.document_id,
            self._store.folder / record.document_id / ORIGINAL,
            record.size_bytes,
            record.sha256,
        )
        asked = Asked.of(job.options, live.password)
        limits = self._desk.config.workers.limits
        bounds = Bounds(self.config.read_s, limits.pages, "split it and send its parts")
        outcome = await self._desk.read(
            upload, record, asked, bounds=bounds, place=place.held(), heard=live.hear
        )
        if record.keep == "no":
            until = datetime.now(UTC) + timedelta(seconds=self.config.result_s)
            outcome.record = outcome.record.model_copy(update={"expires": stamp(until), "image_pages": 0})
        await self._desk.keep(outcome)
        if record.keep == "no":
            await asyncio.to_thread(self._store.forget_original, record.document_id)
        await self._end(live, "done", pages=outcome.reading.page_count)

    async def _end(
        self, live: Live, status: JobStatus, error: CasewrightError | None = None, pages: int | None = None
    ) -> None:
        """Put down how a job ended. Of one that is not done nothing stays; a cancelled one loses its name."""
        said = live.job
        values = how_ended(said, status, error, pages)
        try:
            # first the row: a crash before it repeats the job, and that takes the upload
            job = await asyncio.to_thread(self._book.change, said.id, **values)
            if status == "cancelled":
                await asyncio.to_thread(self._book.checkpoint)
            if status != "done":
                await self._leftovers.remove(said.document_id)
        except NotFound:
            job = said  # forgotten with its document
        except CasewrightError as trouble:
            # the database refuses: it stays "running" there, and is taken up at the next start
            log.error("how job %s ended cannot be written: %s", said.id, trouble.message)
            job = said
        self._live.pop(said.id, None)
        live.tell(job)
