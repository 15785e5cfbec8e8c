"""What comes into a case: on disk, in the catalogue and in the line before anybody is answered."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from casewright.errors import CasewrightError, NotReady, ServiceBusy
from casewright.knowledge.ingest.live import Live, with_progress
from casewright.knowledge.ingest.pipeline import Parts, Pipeline
from casewright.knowledge.ingest.reading import GIVEN
from casewright.knowledge.ingest.spool import Taken
from casewright.knowledge.store import DocumentRecord, ErasureCertificate, Failure, JobRecord
from casewright.knowledge.store.rewinding import take_back
from casewright.knowledge.store.values import UNFINISHED, ItemState

log = logging.getLogger(__name__)
Entry = tuple[str, int, ItemState]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file or text as it was sent. ``given``: a text, which nobody needs to convert.

    ``password`` opens the file; it is kept in memory alone, until the file is read.
    """

    name: str
    content: BinaryIO
    media_type: str = "application/octet-stream"
    given: bool = False
    password: str | None = field(default=None, repr=False)


class Intake:
    """Takes uploads, tells of jobs, takes documents out again; ``waiting`` items may be in the line."""

    def __init__(self, parts: Parts, pipeline: Pipeline, waiting: int = 256) -> None:
        self.waiting = waiting
        self._parts = parts
        self._pipeline = pipeline
        self._entering = asyncio.Lock()
        self._leaving = False

    @property
    def entering(self) -> asyncio.Lock:
        """Held by who takes documents in or out; for who wants nobody to meanwhile."""
        return self._entering

    def stop_telling(self) -> None:
        """End what watches jobs: the service stops, and a job may go on for long."""
        self._leaving = True
        for live in self._pipeline.live.values():
            live.tell()

    def check(self, more: int = 1) -> None:
        """Refuse what there is no place for, before it is stored.

        Raises:
            ServiceBusy: as many wait as may.
        """
        if self._pipeline.waiting + more > self.waiting:
            raise ServiceBusy(
                f"{self._pipeline.waiting} documents wait to be read, and {self.waiting} may",
                hint="send it again after the time in Retry-After",
                retry_after_s=30,
            )

    async def submit(self, case_id: str, uploads: Sequence[Upload]) -> tuple[JobRecord, tuple[str, ...]]:
        """Take uploads into a case; they are on disk when this returns. The notes say what needs no doing.

        Raises:
            ServiceBusy: as many wait as may.
            UnprocessableRequest, BodyTooLarge: one is empty or too large; then none is taken.
            StorageError: they cannot be written.
        """
        self.check(len(uploads))
        taken: list[Taken] = []
        try:
            for upload in uploads:
                taken.append(
                    await asyncio.to_thread(self._parts.spool.take, str(uuid.uuid4()), upload.content)
                )
            async with self._entering:
                self.check(len(uploads))
                return await self._enter(case_id, list(zip(uploads, taken, strict=True)))
        finally:
            for found in taken:  # what was entered has another name by now
                await asyncio.to_thread(self._parts.spool.discard, found.id)

    async def retry(self, case_id: str, document: str, password: str | None = None) -> JobRecord:
        """Begin anew with a document that failed; ``password`` opens its file.

        Raises:
            NotFound: there is none of that id in the case, or its upload is gone.
            NotReady: it has not failed.
        """
        library = self._parts.library
        async with self._entering:
            self.check()
            record = await asyncio.to_thread(library.document, case_id, document)
            if record.state != "failed":
                raise NotReady(f"this document is {record.state}", hint="only one that failed is tried again")
            live = Live(case_id, record.id, record.newest, password=password)
            await asyncio.to_thread(self._parts.spool.path, live.key)
            await asyncio.to_thread(library.advance, record.id, record.newest, "queued")
            job = await asyncio.to_thread(library.add_job, case_id, [(record.id, record.newest, "queued")])
            await self._pipeline.enter(live)
        return job

    async def job(self, job_id: str) -> JobRecord:
        """A job as it is now.

        Raises:
            NotFound: there is none of that id.
        """
        return with_progress(await asyncio.to_thread(self._parts.library.job, job_id), self._pipeline.live)

    async def watch(self, job_id: str, every_s: float) -> AsyncGenerator[JobRecord | None]:
        """A job at each change until it is ended; None as a sign of life.

        Raises:
            NotFound: there is none of that id.
        """
        while True:
            known = await self.job(job_id)
            keys = {f"{item.document}.{item.version}" for item in known.items}
            live = [found for key, found in self._pipeline.live.items() if key in keys]
            events = [asyncio.ensure_future(found.changed.wait()) for found in live]
            try:
                job = await self.job(job_id)  # what changed while the events were got is in it
                yield job
                if job.ended is not None or not live or self._leaving:
                    return
                while True:
                    done, _ = await asyncio.wait(events, timeout=every_s, return_when=asyncio.FIRST_COMPLETED)
                    if done:
                        break
                    yield None
            finally:
                for event in events:
                    event.cancel()

    async def delete_document(self, case_id: str, document: str) -> ErasureCertificate:
        """Erase a document, whatever is being done with it.

        Raises:
            NotFound: there is none of that id in the case.
        """
        library = self._parts.library
        async with self._entering:
            record = await asyncio.to_thread(library.document, case_id, document)
            await self._pipeline.drop(document)
            certificate = await self._parts.originals.erase_with(
                [document], lambda: library.delete_document(case_id, document)
            )
            await asyncio.to_thread(self._discard, record)
            return certificate

    async def delete_case(self, case_id: str) -> ErasureCertificate:
        """Erase a case and everything in it.

        Raises:
            NotFound: there is none of that id.
        """
        library = self._parts.library
        async with self._entering:
            records = await asyncio.to_thread(library.documents, case_id)
            for record in records:
                await self._pipeline.drop(record.id)
            certificate = await self._parts.originals.erase_with(
                [record.id for record in records], lambda: library.delete_case(case_id)
            )
            for record in records:
                await asyncio.to_thread(self._discard, record)
            return certificate

    def _discard(self, record: DocumentRecord) -> None:
        """Remove the uploads that were not read.

        It is done last: a document whose erasure a crash cuts short is there as before, or erased; and what
        no document has is removed at the next start.
        """
        for version in range(1, record.newest + 1):
            self._parts.spool.discard(f"{record.id}.{version}")

    async def _enter(
        self, case_id: str, taken: Sequence[tuple[Upload, Taken]]
    ) -> tuple[JobRecord, tuple[str, ...]]:
        library = self._parts.library
        await asyncio.to_thread(library.create_case, case_id)
        entries: list[Entry] = []
        notes: list[str] = []
        fresh: list[Live] = []
        try:
            for upload, found in taken:
                entry, live, note = await asyncio.to_thread(self._register, case_id, upload, found)
                entries.append(entry)
                fresh += [live] if live is not None else []
                notes += [note] if note else []
            job = await asyncio.to_thread(library.add_job, case_id, entries)
            for live in fresh:
                await self._pipeline.enter(live)
        except CasewrightError as error:
            await asyncio.to_thread(self._take_back, fresh, error)
            raise
        return job, tuple(notes)

    def _register(self, case_id: str, upload: Upload, found: Taken) -> tuple[Entry, Live | None, str]:
        library, spool = self._parts.library, self._parts.spool
        media_type = GIVEN if upload.given else upload.media_type
        registered = library.register(
            case_id, name=upload.name, media_type=media_type, sha256=found.sha256, size=found.size_bytes
        )
        record = registered.document
        live = Live(case_id, record.id, record.newest, password=upload.password)
        entry: Entry = (record.id, record.newest, "queued")
        if registered.fresh:
            spool.rename(found.id, live.key)
            return entry, live, ""
        # one that is unfinished and not in the line was not acknowledged: the disk was full then
        lost = record.state in UNFINISHED and live.key not in self._pipeline.live
        if record.state == "failed" or lost:
            spool.rename(found.id, live.key)
            library.advance(record.id, record.newest, "queued", media_type=media_type)
            return entry, live, f"{record.name}: the same file failed before, and is tried again"
        if record.state in UNFINISHED:
            return entry, None, f"{record.name}: the same file is being read already"
        entry = (record.id, record.newest, "unchanged")
        return entry, None, f"{record.name}: the case has these very bytes already; nothing was done"

    def _take_back(self, fresh: Sequence[Live], error: CasewrightError) -> None:
        """What was registered and will not be acknowledged never was; what a job names already has failed.

        Either way sending it again begins anew, and an older version that waits is read.
        """
        library = self._parts.library
        failure = Failure(error.kind, error.message, error.hint)
        for live in fresh:
            if live.key in self._pipeline.live:
                continue
            try:
                if take_back(library.database, live.document, live.version):
                    self._parts.spool.discard(live.key)
                else:
                    library.advance(live.document, live.version, "failed", failure=failure)
            except CasewrightError as trouble:  # then sending it again, or the next start, takes it up
                log.error("that an upload was not taken cannot be written: %s", trouble.message)
