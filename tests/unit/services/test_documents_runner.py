"""The runner by itself: no place is lost, and nothing that cannot be removed holds up the rest."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from casewright.documents.jobs import Job, JobBook
from casewright.documents.store import DocumentStore, stamp
from casewright.documents.workers import Workers
from casewright.errors import NotFound, StorageError
from casewright.services.documents.config import DocumentsConfig
from casewright.services.documents.desk import Desk
from casewright.services.documents.figures import DocumentMetrics
from casewright.services.documents.places import Places
from casewright.services.documents.runner import Runner
from casewright.services.documents.upload import Asked
from casewright.services.kit.config import KitConfig


@dataclass(frozen=True)
class Office:
    """A runner, and what it works with."""

    runner: Runner
    desk: Desk
    store: DocumentStore
    book: JobBook
    places: Places

    async def submit(self) -> Job:
        upload = self.store.take(io.BytesIO(b"words"))
        return await self.runner.submit(upload, self.desk.record(upload, "a.txt", "default"), Asked())

    def kept(self, *, due: bool) -> str:
        """A document that was read, with its job."""
        upload = self.store.take(io.BytesIO(b"words"))
        record = self.desk.record(upload, "a.txt", "default")
        if due:
            past = stamp(datetime.now(UTC) - timedelta(hours=1))
            record = record.model_copy(update={"created": past, "expires": past})
        self.store.put(record.model_copy(update={"status": "ok"}), b"{}", b"[]")
        self.book.add(Job(upload.id, upload.id, "a.txt", "{}", False, "done", time.time()))
        return upload.id

    def block(self, document_id: str) -> Path:
        """Something in the way of its removal."""
        way = self.store.folder / f".gone-{document_id}"
        way.write_bytes(b"in the way")
        return way


@asynccontextmanager
async def office(folder: Path, *, started: bool = True) -> AsyncIterator[Office]:
    config = DocumentsConfig(KitConfig("documents", folder))
    store, book = DocumentStore(folder / "documents"), JobBook(folder / "documents" / "jobs.sqlite")
    store.open()
    book.open()
    places = Places(1, queue=4, queue_s=5)
    workers = Workers(config.workers)
    desk = Desk(config, store, workers, None, DocumentMetrics(CollectorRegistry()))
    runner = Runner(config.jobs, desk, book, places)
    if started:
        await runner.start()
    try:
        yield Office(runner, desk, store, book, places)
    finally:
        await runner.aclose()
        await workers.aclose()
        book.close()
        store.close()


async def test_a_job_that_is_cancelled_before_its_first_step_gives_its_place_back(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        for _ in range(2):
            job = await at.submit()
            while not at.runner.running:  # noqa: ASYNC110 - the very step after it was begun
                await asyncio.sleep(0)
            assert (await at.runner.cancel(job.id)).status == "cancelled"
            assert (at.places.jobs, at.runner.running) == (0, 0)
        assert not any(path.is_dir() for path in at.store.folder.iterdir())


async def test_a_runner_that_has_ended_does_not_pass_for_alive(tmp_path: Path) -> None:
    async with office(tmp_path, started=False) as at:
        told = [at.runner.alive]
        await at.runner.start()
        told.append(at.runner.alive)
        await at.runner.aclose()
        assert [*told, at.runner.alive] == [False, True, False]


async def test_a_document_that_cannot_be_removed_holds_up_no_other(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        stuck, other = sorted([at.kept(due=True), at.kept(due=True)])
        way = at.block(stuck)
        await at.runner.sweep()
        assert at.store.all_due() == [stuck]
        assert not at.store.holds(other)
        assert at.book.of_document(stuck) == [], "its name goes before it"
        way.unlink()
        await at.runner.sweep()
        assert not at.store.holds(stuck)


async def test_no_name_stays_behind_a_document(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        stuck, gone, there = at.kept(due=False), at.kept(due=False), at.kept(due=False)
        at.block(stuck)
        with pytest.raises(StorageError):
            await at.runner.delete_document(stuck)
        assert at.book.of_document(stuck) == []
        at.store.delete(gone)  # and then the service died
        await at.runner.sweep()
        assert at.book.of_document(gone) == []
        assert len(at.book.of_document(there)) == 1


async def test_an_upload_goes_after_its_end_is_written(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await at.places.take_job()  # so that it waits
        job = await at.submit()
        at.book.close()
        with pytest.raises(StorageError):
            await at.runner.cancel(job.id)
        assert at.store.holds(job.document_id), "the next start takes the job up, and needs it"
        at.book.open()
        assert at.book.get(job.id).status == "queued"


async def test_an_upload_that_cannot_be_removed_goes_with_the_next_sweep(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        await at.places.take_job()
        job = await at.submit()
        way = at.block(job.document_id)
        assert (await at.runner.cancel(job.id)).status == "cancelled"
        assert at.store.holds(job.document_id)
        way.unlink()
        await at.runner.sweep()
        assert not at.store.holds(job.document_id)
        with pytest.raises(NotFound):
            at.store.get(job.document_id)
