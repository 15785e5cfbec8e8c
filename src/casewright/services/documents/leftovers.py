"""What stays of jobs that have ended, and how it goes."""

from __future__ import annotations

import asyncio
import logging
import time

from casewright.api.documents import JobStatus
from casewright.documents.jobs import Job, JobBook
from casewright.documents.store import DocumentStore
from casewright.errors import CasewrightError, NotFound

log = logging.getLogger(__name__)


class Leftovers:
    """Uploads of jobs that came to nothing, and jobs that are told of no longer."""

    def __init__(self, store: DocumentStore, book: JobBook) -> None:
        self._store = store
        self._book = book
        self._uploads: set[str] = set()

    async def remove(self, document_id: str) -> None:
        """Remove an upload; where that cannot be done now, the next sweep does it."""
        try:
            await asyncio.to_thread(self._store.delete, document_id)
        except NotFound:
            self._uploads.discard(document_id)
        except CasewrightError as error:
            log.error("upload %s cannot be removed yet: %s", document_id, error.message)
            self._uploads.add(document_id)
        else:
            self._uploads.discard(document_id)

    async def sweep(self, before: float) -> None:
        """Remove what could not be removed, and forget jobs that came to nothing before a moment.

        Raises:
            StorageError: the database of jobs refuses.
        """
        for document_id in tuple(self._uploads):
            await self.remove(document_id)
        old = [job.id for job in await asyncio.to_thread(self._book.ended_before, before)]
        old += await asyncio.to_thread(self._orphans)
        if old:
            await asyncio.to_thread(self._book.forget, *old)

    def _orphans(self) -> list[str]:
        """Jobs that are done, whose document is gone: their row would keep its name."""
        return [job.id for job in self._book.done() if not self._store.holds(job.document_id)]


def how_ended(
    job: Job, status: JobStatus, error: CasewrightError | None, pages: int | None
) -> dict[str, object]:
    """What is put down of a job that ends now: its row's fields."""
    values: dict[str, object] = {"status": status, "ended": time.time()}
    if pages is not None:
        values |= {"pages_done": pages, "pages_total": pages}
    else:
        values |= {"pages_done": job.pages_done, "pages_total": job.pages_total}
    if error is not None:
        values |= {"error_kind": error.kind, "error_message": error.message, "error_hint": error.hint}
    if status == "cancelled":
        values |= {"filename": ""}
    return values
