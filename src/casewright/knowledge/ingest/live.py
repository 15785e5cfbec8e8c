"""How far each item is, as this process knows it, for whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from casewright.knowledge.store import JobItem, JobRecord


@dataclass(slots=True)
class Live:
    """One version of a document at work or in the line. ``changed`` is set, and replaced, at each change.

    ``password`` opens its file; it is in no file of ours, so it goes with the process.
    """

    case_id: str
    document: str
    version: int
    pages_done: int = 0
    pages_total: int | None = None
    chunks_done: int = 0
    chunks_total: int | None = None
    task: asyncio.Task[None] | None = None
    deleted: bool = False
    password: str | None = field(default=None, repr=False)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def key(self) -> str:
        """Its name in the backlog and in the spool."""
        return key_of(self.document, self.version)

    def pages(self, done: int, total: int | None) -> None:
        """So many pages are read."""
        self.pages_done, self.pages_total = done, total
        self.tell()

    def chunks(self, done: int, total: int) -> None:
        """So many chunks are embedded."""
        self.chunks_done, self.chunks_total = done, total
        self.tell()

    def tell(self) -> None:
        """Wake whoever watches."""
        self.changed.set()
        self.changed = asyncio.Event()

    def over(self, item: JobItem) -> JobItem:
        """An item as the catalogue has it, with what is known here."""
        return replace(
            item,
            pages_done=max(item.pages_done, self.pages_done),
            pages_total=self.pages_total if self.pages_total is not None else item.pages_total,
            chunks_done=max(item.chunks_done, self.chunks_done),
            chunks_total=self.chunks_total if self.chunks_total is not None else item.chunks_total,
        )


def key_of(document: str, version: int) -> str:
    """The name of a version in the backlog and in the spool."""
    return f"{document}.{version}"


def with_progress(job: JobRecord, live: Mapping[str, Live]) -> JobRecord:
    """A job with what is known here of its items."""
    items = []
    for item in job.items:
        found = live.get(key_of(item.document, item.version))
        items.append(found.over(item) if found is not None else item)
    return replace(job, items=tuple(items))
