"""Files read for the index: by the document service as a job, or in this service where there is none."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from casewright.api.client import Client
from casewright.api.document_calls import FileSent, ReadAs
from casewright.api.documents import JobOut, Keep, Reading
from casewright.documents import pages
from casewright.documents.blocks import Found, Opened, Page
from casewright.documents.workers import WorkerConfig, Workers
from casewright.errors import (
    CasewrightError,
    ConfigError,
    InstallError,
    NotFound,
    NotReady,
    NotRunning,
    ServiceBusy,
    ServiceFailure,
    UnprocessableRequest,
    every_error,
)
from casewright.knowledge.ingest.reading import Begun, File, Told, from_reading
from casewright.knowledge.records import SourceDocument

log = logging.getLogger(__name__)
# The parts that read files; they come with the extra "documents".
_PARTS = ("pypdfium2", "lxml", "PIL")
_ACTIVE = ("queued", "running")
_OF_USE = (*_ACTIVE, "done")
_LISTED = 200


class AtService:
    """Has the document service read, and keep the original until it is deleted.

    A service that goes away while it reads is waited for, ``wait_s`` at most; it is asked every ``again_s``.
    """

    def __init__(self, client: Client, wait_s: float = 120.0, again_s: float = 1.0) -> None:
        self._client = client
        self._wait_s = wait_s
        self._again_s = again_s
        self._begun: set[str] = set()

    async def there(self) -> str | None:
        """Why it cannot be asked just now; None where it can."""
        try:
            health = await self._client.health("documents")
        except CasewrightError as error:
            return error.message
        return None if health.status != "unhealthy" else "; ".join(health.reasons) or "it is unhealthy"

    async def convert(self, file: File, told: Told, begun: Begun) -> SourceDocument:
        """See ``Converter.convert``."""
        job = await self._ended(await self._surely(self._noted(file, begun)), told)
        if job.status != "done":
            raise _failed(job)
        result = await self._client.job_result(job.job_id)
        reading = Reading(**{name: getattr(result, name) for name in Reading.model_fields})
        return await asyncio.to_thread(from_reading, reading, file.name, file.sha256, result.document_id)

    async def forget(self, original: str) -> None:
        """See ``Converter.forget``."""
        with suppress(NotFound):
            await self._client.delete_document(original)
        self._begun.discard(original)

    @staticmethod
    async def _surely(work: Coroutine[Any, Any, JobOut]) -> JobOut:
        """To its end: a job that was begun is put down, though the document is deleted or the service stops
        meanwhile. Or an original would stay that nobody knows of.
        """
        working = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait((working,))
            raise

    async def _noted(self, file: File, begun: Begun) -> JobOut:
        job = await self._job(file)
        if job.document_id is not None and job.document_id != file.original:
            await begun(job.document_id)
        return job

    async def _job(self, file: File) -> JobOut:
        """The job that reads this file: the one that was begun, or that a crash kept from being put down."""
        if file.original is not None or file.others is not None:
            found = await self._begun_before(file)
            if found is not None:
                return found
        if file.original is not None:  # it failed: its name is not to stay there
            await self.forget(file.original)
        try:
            return await self._submit(file, "until_deleted")
        except UnprocessableRequest:  # it keeps nothing after its answer
            return await self._submit(file, "default")

    async def _submit(self, file: File, keep: Keep) -> JobOut:
        with file.path.open("rb") as content:
            read_as = ReadAs(describe="never", keep=keep, password=file.password)
            job = await self._client.submit_job(FileSent(file.name, content, read_as=read_as))
        return self._ours(job)

    async def _begun_before(self, file: File) -> JobOut | None:
        """The job of an earlier attempt that did not fail; it may have had no time to put down that it began.

        Then it is known by the file's bytes and by its age, and that nobody else would keep them for ever.
        """
        ours = {file.original}
        if file.original is None:
            kept = await self._client.documents(limit=_LISTED)
            ours = {
                found.document_id
                for found in kept.documents
                if found.sha256 == file.sha256
                and found.document_id not in (file.others or ())
                and found.keep == "until_deleted"
                and datetime.fromisoformat(found.created).timestamp() >= file.created - 1
            }
        jobs = await self._client.jobs(limit=_LISTED) if ours else None
        # two cases may wait with the same bytes: each has an original of its own, or one's erasure would
        # take the other's
        theirs = self._begun - {file.original}
        for job in jobs.jobs if jobs is not None else ():
            if job.document_id in ours and job.document_id not in theirs and job.status in _OF_USE:
                return self._ours(job)
        return None

    def _ours(self, job: JobOut) -> JobOut:
        if job.document_id is not None:
            self._begun.add(job.document_id)
        return job

    async def _ended(self, job: JobOut, told: Told) -> JobOut:
        """The job at its end; a service that is away meanwhile is waited for."""
        until = time.monotonic() + self._wait_s
        while job.status in _ACTIVE:
            try:
                async with aclosing(self._client.job_events(job.job_id)) as states:
                    async for state in states:
                        until = time.monotonic() + self._wait_s
                        told(state.pages_done, state.pages_total)
                job = await self._client.job(job.job_id)
            except (NotRunning, ServiceBusy) as error:
                if time.monotonic() >= until:
                    raise
                log.info("the document service is waited for: %s", error.message)
                await asyncio.sleep(self._again_s)
        return job


class InHere:
    """Reads in worker processes of this service. There is no original then, and no page to look at."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._workers: Workers | None = None

    @staticmethod
    def installed() -> bool:
        """Whether the parts that read files are installed."""
        return all(importlib.util.find_spec(name) is not None for name in _PARTS)

    async def convert(self, file: File, told: Told, begun: Begun) -> SourceDocument:
        """See ``Converter.convert``."""
        if self._workers is None:
            self._workers = Workers(self._config)
        done, total = 0, None

        def hear(found: Found) -> None:
            nonlocal done, total
            if isinstance(found, Opened):
                total = found.pages
            elif isinstance(found, Page):
                done += 1
            told(done, total)

        options = replace(self._config.options, password=file.password)
        converted = await self._workers.read(file.path, file.name, options, on_found=hear)
        reading = await asyncio.to_thread(pages.reading_of, converted)
        return await asyncio.to_thread(from_reading, reading, file.name, file.sha256, None)

    async def forget(self, original: str) -> None:
        """There are no originals here."""
        raise ConfigError(
            "the original is at the document service, which is not set up here",
            hint="set DOCUMENTS_URL to where it is",
        )

    async def aclose(self) -> None:
        """End the workers."""
        if self._workers is not None:
            await self._workers.aclose()


class Conversion:
    """Asks the document service where it answers, and reads in here where it does not.

    ``wanted``: that the service does not answer is a lack, though files can be read in here.
    """

    def __init__(self, service: AtService | None, here: InHere | None, *, wanted: bool = False) -> None:
        self._service = service
        self._here = here
        self._wanted = wanted

    async def convert(self, file: File, told: Told, begun: Begun) -> SourceDocument:
        """See ``Converter.convert``."""
        if self._service is not None:
            reason = await self._service.there()
            if reason is None or self._here is None:
                return await self._service.convert(file, told, begun)
            log.info("the document service is not asked: %s", reason)
        if self._here is None:
            raise InstallError(
                "there is nobody to read files: no document service is set up, and this one cannot",
                hint="set DOCUMENTS_URL, or install casewright[documents]",
            )
        return await self._here.convert(file, told, begun)

    async def forget(self, original: str) -> None:
        """See ``Converter.forget``."""
        if self._service is None:
            raise ConfigError(
                "the original is at the document service, which is not set up here",
                hint="set DOCUMENTS_URL to where it is",
            )
        await self._service.forget(original)

    async def trouble(self) -> str | None:
        """Why files cannot be read in the usual way just now, in words; None where they can."""
        if self._service is None:
            return None if self._here is not None else "no document service is set up"
        reason = await self._service.there()
        if reason is None or (self._here is not None and not self._wanted):
            return None
        return reason + ("; files are read in here meanwhile" if self._here is not None else "")

    async def aclose(self) -> None:
        """End what was started."""
        if self._here is not None:
            await self._here.aclose()


def _failed(job: JobOut) -> CasewrightError:
    """Why a file could not be read, as the error that it was."""
    if job.status == "cancelled":
        return NotReady("its reading was cancelled at the document service", hint="retry it")
    error = job.error
    if error is None:
        return ServiceFailure(
            f"the document service's job is {job.status} without a reason", hint="see its log, and retry it"
        )
    kind = every_error().get(error.type, ServiceFailure)
    try:
        return kind(error.message, hint=error.hint)
    except TypeError:  # an engine's error, which carries more
        return ServiceFailure(error.message, hint=error.hint)
