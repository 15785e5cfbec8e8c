"""The catalogue's erasures: what was asked to go, and what became of it in each store. They outlive what is
gone.

An erasure is written down before anything is erased, every store pending; so after a crash it is gone on
with.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, func, select, update

from casewright.errors import NotFound
from casewright.knowledge.store.catalogue import now
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.tables import (
    backups,
    cases,
    documents,
    erased,
    erasures,
    items,
    jobs,
    versions,
)
from casewright.knowledge.store.values import Erased, ErasureCertificate

CATALOGUE, TEXTS, VECTORS, BACKUPS = "catalogue", "texts", "vectors", "backups"
UNDER_WAY = "it is under way"
_IN_BACKUPS = "copies in the backups made meanwhile"
_NO_END = "9999"


class Erasures:
    """Certificates, and the removal of rows from the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_document(self, case: str, document: str, stores: dict[str, str]) -> str:
        """Take a document out of the catalogue, and write down that the rest is to go; the certificate's id.

        ``stores`` are those that hold something of it, and what.

        Raises:
            NotFound: there is none of that id in the case, or no such case.
        """
        with self._database.begin() as connection:
            row = connection.execute(
                select(cases.c.uuid, documents.c.created)
                .join(documents, documents.c.case_uuid == cases.c.uuid)
                .where(cases.c.name == case, documents.c.uuid == document)
            ).first()
            if row is None:
                raise NotFound("there is no such document in this case", hint="list the case's documents")
            _drop_documents(connection, [document])
            return _begin(connection, row.uuid, case, document, stores, since=row.created)

    def begin_case(self, case: str, stores: dict[str, str]) -> str:
        """Take a case out of the catalogue, its name too; the certificate's id.

        Raises:
            NotFound: there is no such case.
        """
        with self._database.begin() as connection:
            row = connection.execute(select(cases).where(cases.c.name == case)).first()
            if row is None:
                raise NotFound("there is no such case", hint="list the cases")
            there = select(documents.c.uuid).where(documents.c.case_uuid == row.uuid)
            _drop_documents(connection, list(connection.execute(there).scalars()))
            of_case = select(jobs.c.uuid).where(jobs.c.case_uuid == row.uuid)
            connection.execute(delete(items).where(items.c.job.in_(of_case)))
            connection.execute(delete(jobs).where(jobs.c.case_uuid == row.uuid))
            connection.execute(delete(cases).where(cases.c.uuid == row.uuid))
            connection.execute(update(erasures).where(erasures.c.case_uuid == row.uuid).values(case_name=""))
            return _begin(connection, row.uuid, "", None, stores, since=row.created)

    def told(self, certificate: str, store: str, reason: str = "") -> None:
        """What became of a store: erased, or pending for this reason. What was erased keeps its moment.

        Raises:
            NotFound: there is no such certificate.
        """
        with self._database.begin() as connection:
            here = (erased.c.erasure == certificate, erased.c.store == store)
            outcome = connection.execute(select(erased.c.outcome).where(*here)).scalar()
            if outcome is not None:
                if reason or outcome != "erased":
                    connection.execute(
                        update(erased)
                        .where(*here)
                        .values(outcome="pending" if reason else "erased", moment=now(), reason=reason)
                    )
                return
            if connection.execute(select(erasures).where(erasures.c.uuid == certificate)).first() is None:
                raise NotFound("there is no such certificate", hint="list the erasures")
            connection.execute(
                erased.insert().values(
                    erasure=certificate,
                    store=store,
                    outcome="pending" if reason else "erased",
                    moment=now(),
                    what="",
                    reason=reason,
                )
            )

    def get(self, certificate: str, case_name: str | None = None) -> ErasureCertificate:
        """A certificate; ``case_name`` where it was erased and the caller knows it.

        Raises:
            NotFound: there is none of that id.
        """
        with self._database.begin(reads=True) as connection:
            row = connection.execute(select(erasures).where(erasures.c.uuid == certificate)).first()
            if row is None:
                raise NotFound("there is no such certificate", hint="list the erasures")
            return _certificate(connection, row, case_name)

    def all(
        self, *, pending: bool = False, limit: int | None = None, offset: int = 0
    ) -> list[ErasureCertificate]:
        """Certificates, newest first; or those with a store that is pending. So many from ``offset`` on."""
        query = _those(select(erasures), pending=pending)
        query = query.order_by(erasures.c.asked.desc(), erasures.c.uuid).limit(limit).offset(offset)
        with self._database.begin(reads=True) as connection:
            return [_certificate(connection, row) for row in connection.execute(query).all()]

    def count(self, *, pending: bool = False) -> int:
        """How many certificates there are."""
        query = _those(select(func.count()).select_from(erasures), pending=pending)
        with self._database.begin(reads=True) as connection:
            return int(connection.execute(query).scalar_one())

    def place(self, certificate: str) -> str:
        """The uuid of the case that a certificate is of."""
        with self._database.begin(reads=True) as connection:
            found = connection.execute(
                select(erasures.c.case_uuid).where(erasures.c.uuid == certificate)
            ).scalar_one()
        return str(found)

    def gone(self, case_uuid: str | None = None) -> set[str]:
        """The uuids of cases that were to go; or of a case's documents."""
        if case_uuid is None:
            query = select(erasures.c.case_uuid).where(erasures.c.document.is_(None))
        else:
            query = select(erasures.c.document).where(
                erasures.c.case_uuid == case_uuid, erasures.c.document.is_not(None)
            )
        with self._database.begin(reads=True) as connection:
            return set(connection.execute(query).scalars())

    def add_backup(self, path: Path) -> str:
        """Note, before it is begun, that a file will hold what is there now; the moment.

        What is just being erased may come into it too, and says so from then on.
        """
        with self._database.begin() as connection:
            moment = now()
            connection.execute(delete(backups).where(backups.c.path == str(path)))
            connection.execute(backups.insert().values(uuid=str(uuid.uuid4()), path=str(path), made=moment))
            held = select(erased.c.erasure).where(erased.c.store == BACKUPS)
            under_way = select(erased.c.erasure).where(
                erased.c.store == TEXTS, erased.c.outcome == "pending", erased.c.erasure.not_in(held)
            )
            for identity in connection.execute(under_way).scalars().all():
                _add(connection, identity, moment, {BACKUPS: _IN_BACKUPS})
            return moment

    def drop_backup(self, path: Path) -> None:
        """Forget a backup that came to nothing."""
        with self._database.begin() as connection:
            connection.execute(delete(backups).where(backups.c.path == str(path)))

    def backups(self, upto: str | None = None) -> list[tuple[str, str]]:
        """Path and moment of each backup; of those begun up to a moment."""
        query = select(backups).order_by(backups.c.made)
        if upto is not None:
            query = query.where(backups.c.made <= upto)
        with self._database.begin(reads=True) as connection:
            return [(row.path, row.made) for row in connection.execute(query)]


def being_made(backup: Path) -> Path:
    """The folder in which a backup is written before it is there."""
    return backup.with_name(f".{backup.name}.part")


def _those(query: sa.Select[Any], *, pending: bool) -> sa.Select[Any]:
    waits = select(erased.c.erasure).where(erased.c.outcome == "pending")
    return query.where(erasures.c.uuid.in_(waits)) if pending else query


def _begin(
    connection: sa.Connection,
    case_uuid: str,
    case: str,
    document: str | None,
    stores: dict[str, str],
    *,
    since: str,
) -> str:
    identity, moment = str(uuid.uuid4()), now()
    connection.execute(
        erasures.insert().values(
            uuid=identity, case_uuid=case_uuid, case_name=case, document=document, asked=moment
        )
    )
    if any(_ended(Path(row.path), row.made) >= since for row in connection.execute(select(backups))):
        stores = stores | {BACKUPS: _IN_BACKUPS}
    _add(connection, identity, moment, stores)
    return identity


def _ended(backup: Path, began: str) -> str:
    """Up to when what came can be in a backup: its end, which is the moment of its file; without end where
    it is being made.
    """
    if being_made(backup).exists():
        return _NO_END
    try:
        written = backup.stat().st_mtime
    except OSError:  # it is gone, or out of reach: then it counts as of its beginning
        return began
    return max(began, datetime.fromtimestamp(written, UTC).isoformat(timespec="milliseconds"))


def _add(connection: sa.Connection, identity: str, moment: str, stores: dict[str, str]) -> None:
    for store, what in stores.items():
        connection.execute(
            erased.insert().values(
                erasure=identity, store=store, outcome="pending", moment=moment, what=what, reason=UNDER_WAY
            )
        )


def _drop_documents(connection: sa.Connection, found: list[str]) -> None:
    for document in found:
        connection.execute(
            update(items)
            .where(items.c.document == document)
            .values(state="deleted", failure=None, warnings=[])
        )
        connection.execute(delete(versions).where(versions.c.document == document))
        connection.execute(delete(documents).where(documents.c.uuid == document))


def _certificate(connection: sa.Connection, row: Any, case_name: str | None = None) -> ErasureCertificate:
    stores = connection.execute(
        select(erased).where(erased.c.erasure == row.uuid).order_by(erased.c.store)
    ).all()
    return ErasureCertificate(
        id=row.uuid,
        case_id=case_name if case_name is not None else row.case_name,
        document=row.document,
        stores=tuple(Erased(one.store, one.outcome, one.moment, one.what, one.reason) for one in stores),
    )
