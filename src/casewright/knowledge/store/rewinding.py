"""Versions taken out of the catalogue again: what came too late for a backup, and what nobody was told of."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, select, update

from casewright.errors import NotReady
from casewright.knowledge.store.catalogue import now
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.tables import documents, items, versions


@dataclass(frozen=True, slots=True)
class Left:
    """What there is beside the texts: ``uploads`` are the versions of each document that wait on the disk;
    ``failed`` are versions that could not be read. What was registered from ``since`` on may have come too
    late.
    """

    since: str
    uploads: Mapping[str, Set[int]]
    failed: Set[tuple[str, int]]


def rewind(database: Database, case_uuid: str, left: Left) -> None:
    """Each document of a case to the newest version that is there: found, or waiting to be read.

    A version that came too late for the backup, so that its content is in no part of it, goes; an older one
    that is missing stays, as one that failed.
    """
    with database.begin() as connection:
        query = select(documents).where(documents.c.case_uuid == case_uuid)
        for document in connection.execute(query).all():
            _document(connection, document, left)


def take_back(database: Database, document: str, version: int) -> bool:
    """Take out a version whose upload was lost before anybody was told that it is safe; whether it was so.

    A job is made before the answer: a version that is in one may have been acknowledged, and stays. An older
    one that gave way to this one waits to be read again.
    """
    with database.begin() as connection:
        told = select(items.c.job).where(items.c.document == document, items.c.version == version)
        if connection.execute(told).first() is not None:
            return False
        _forget(connection, document, version)
        older = connection.execute(
            select(versions.c.version, versions.c.state, versions.c.failure)
            .where(versions.c.document == document)
            .order_by(versions.c.version.desc())
        ).first()
        if older is None:
            connection.execute(delete(documents).where(documents.c.uuid == document))
            return True
        connection.execute(
            update(documents).where(documents.c.uuid == document).values(newest=older.version, updated=now())
        )
        if older.state == "failed" and (older.failure or {}).get("type") == NotReady.kind:
            _version(connection, document, older.version, state="queued", failure=None)
        return True


def _document(connection: sa.Connection, document: Any, left: Left) -> None:
    rows = connection.execute(
        select(versions.c.version, versions.c.created)
        .where(versions.c.document == document.uuid)
        .order_by(versions.c.version.desc())
    ).all()
    waits = left.uploads.get(document.uuid, frozenset())
    for row in rows:
        own = (document.uuid, row.version) in left.failed and row.version == document.newest
        if row.version == document.shown or own:
            break
        if row.version in waits:
            _version(connection, document.uuid, row.version, state="queued", failure=None)
            break
        if row.created < left.since:
            break
        _forget(connection, document.uuid, row.version)
    else:
        connection.execute(delete(documents).where(documents.c.uuid == document.uuid))
        return
    if row.version != document.newest:
        connection.execute(
            update(documents)
            .where(documents.c.uuid == document.uuid)
            .values(newest=row.version, updated=now())
        )


def _version(connection: sa.Connection, document: str, version: int, **values: Any) -> None:
    connection.execute(
        update(versions)
        .where(versions.c.document == document, versions.c.version == version)
        .values(updated=now(), **values)
    )


def _forget(connection: sa.Connection, document: str, version: int) -> None:
    connection.execute(
        update(items)
        .where(items.c.document == document, items.c.version == version)
        .values(state="deleted", failure=None, warnings=[])
    )
    connection.execute(delete(versions).where(versions.c.document == document, versions.c.version == version))
