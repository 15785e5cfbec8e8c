"""The catalogue's jobs: what each request brought, and how far it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import delete, select, update

from casewright.errors import NotFound
from casewright.knowledge.store.catalogue import failure_of, now
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.tables import cases, documents, items, jobs, versions
from casewright.knowledge.store.values import UNFINISHED, ItemState, JobItem, JobRecord

# The item's own word; else the version says how far it is.
_OWN = ("unchanged", "deleted")
# So that nobody waits long for the catalogue.
_PRUNED_AT_ONCE = 500


class Jobs:
    """Jobs and their items. An item is as far as its version is, until that is deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, case: str, entries: Sequence[tuple[str, int, ItemState]]) -> JobRecord:
        """A job of these documents and versions.

        Raises:
            NotFound: there is no such case.
        """
        identity, moment = str(uuid.uuid4()), now()
        with self._database.begin() as connection:
            row = connection.execute(select(cases).where(cases.c.name == case)).first()
            if row is None:
                raise NotFound("there is no such case", hint="put a document into it, and it is made")
            connection.execute(jobs.insert().values(uuid=identity, case_uuid=row.uuid, created=moment))
            for ordinal, (document, version, state) in enumerate(entries):
                connection.execute(
                    items.insert().values(
                        job=identity, ordinal=ordinal, document=document, version=version, state=state,
                        pages_done=0, chunks_done=0, warnings=[],
                    )
                )  # fmt: skip
            return _record(connection, identity)

    def get(self, identity: str) -> JobRecord:
        """A job as it is now.

        Raises:
            NotFound: there is none of that id.
        """
        with self._database.begin(reads=True) as connection:
            return _record(connection, identity)

    def all(self, case: str) -> list[JobRecord]:
        """The jobs of a case, newest first."""
        with self._database.begin(reads=True) as connection:
            found = connection.execute(
                select(jobs.c.uuid)
                .join(cases, cases.c.uuid == jobs.c.case_uuid)
                .where(cases.c.name == case)
                .order_by(jobs.c.created.desc(), jobs.c.uuid)
            ).scalars()
            return [_record(connection, identity) for identity in found.all()]

    def prune(self, before: str) -> int:
        """Forget jobs that were sent before a moment and have nothing unfinished; how many those were."""
        waits = (
            select(items.c.job)
            .join(
                versions,
                (versions.c.document == items.c.document) & (versions.c.version == items.c.version),
            )
            .where(items.c.state.not_in(_OWN), versions.c.state.in_(UNFINISHED))
        )
        query = select(jobs.c.uuid).where(jobs.c.created < before, jobs.c.uuid.not_in(waits))
        with self._database.begin() as connection:
            old = list(connection.execute(query.limit(_PRUNED_AT_ONCE)).scalars())
            if old:
                connection.execute(delete(items).where(items.c.job.in_(old)))
                connection.execute(delete(jobs).where(jobs.c.uuid.in_(old)))
            return len(old)

    def progress(self, document: str, version: int, **said: int | None) -> None:
        """How far an item is within its state; what is None stays."""
        values = {name: value for name, value in said.items() if value is not None}
        if values:
            with self._database.begin() as connection:
                connection.execute(
                    update(items)
                    .where(items.c.document == document, items.c.version == version)
                    .values(**values)
                )


def no_such_job() -> NotFound:
    """The error for a job that there is not, or not for this asker."""
    return NotFound("there is no such job", hint="list the case's documents: they say how far they are")


def _record(connection: sa.Connection, identity: str) -> JobRecord:
    job = connection.execute(
        select(jobs, cases.c.name)
        .join(cases, cases.c.uuid == jobs.c.case_uuid)
        .where(jobs.c.uuid == identity)
    ).first()
    if job is None:
        raise no_such_job()
    rows = connection.execute(
        select(
            items,
            documents.c.name,
            versions.c.state.label("now"),
            versions.c.failure.label("why"),
            versions.c.warnings.label("said"),
            versions.c.pages,
            versions.c.chunks,
            versions.c.updated,
        )
        .outerjoin(documents, documents.c.uuid == items.c.document)
        .outerjoin(
            versions, (versions.c.document == items.c.document) & (versions.c.version == items.c.version)
        )
        .where(items.c.job == identity)
        .order_by(items.c.ordinal)
    ).all()
    found = tuple(_item(row) for row in rows)
    ended = None
    if all(item.state not in UNFINISHED for item in found):
        ended = max(
            (row.updated for row in rows if row.updated and row.state not in _OWN), default=job.created
        )
    return JobRecord(identity, job.name, job.created, ended, found)


def _item(row: Any) -> JobItem:
    state = row.state if row.state in _OWN else (row.now or "deleted")
    own = state in _OWN
    done = state in ("ready", "partial")
    return JobItem(
        ordinal=row.ordinal,
        document=row.document,
        version=row.version,
        name=row.name or "",
        state=cast("ItemState", state),
        pages_done=row.pages if done and row.pages is not None else row.pages_done,
        pages_total=row.pages if row.pages is not None else row.pages_total,
        chunks_done=row.chunks if done and row.chunks is not None else row.chunks_done,
        chunks_total=row.chunks if row.chunks is not None else row.chunks_total,
        warnings=() if own else tuple(row.said or ()),
        failure=None if own else failure_of(row.why),
    )
