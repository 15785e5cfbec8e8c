"""The catalogue's erasures: what was asked to go, and what became of it in each store. They outlive what is
gone.

An erasure is written down before anything is erased, every store pending; so after a crash it is gone on
with.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, select, update

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
        """What became of a store: erased, or pending for this reason.

        Raises:
            NotFound: there is no such certificate.
        """
        with self._database.begin() as connection:
            changed = connection.execute(
                update(erased)
                .where(erased.c.erasure == certificate, erased.c.store == store)
                .values(outcome="pending" if reason else "erased", moment=now(), reason=reason)
            )
            if changed.rowcount:
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

    def all(self, *, pending: bool = False) -> list[ErasureCertificate]:
        """Every certificate, newest first; or those with a store that is pending."""
        with self._database.begin(reads=True) as connection:
            rows = connection.execute(
                select(erasures).order_by(erasures.c.asked.desc(), erasures.c.uuid)
            ).all()
            found = [_certificate(connection, row) for row in rows]
        return [one for one in found if not (pending and one.complete)]

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

    def add_backup(self, path: Path) -> None:
        """Note that a file holds what is there now."""
        with self._database.begin() as connection:
            connection.execute(delete(backups).where(backups.c.path == str(path)))
            connection.execute(backups.insert().values(uuid=str(uuid.uuid4()), path=str(path), made=now()))

    def backups(self, asked: str | None = None) -> list[tuple[str, str]]:
        """Path and moment of each backup; of those made before ``asked``."""
        query = select(backups).order_by(backups.c.made)
        if asked is not None:
            query = query.where(backups.c.made <= asked)
        with self._database.begin(reads=True) as connection:
            return [(row.path, row.made) for row in connection.execute(query)]

    def asked(self, certificate: str) -> str:
        """When an erasure was asked for."""
        with self._database.begin(reads=True) as connection:
            return str(
                connection.execute(
                    select(erasures.c.asked).where(erasures.c.uuid == certificate)
                ).scalar_one()
            )


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
    if connection.execute(select(backups).where(backups.c.made >= since)).first() is not None:
        stores = stores | {BACKUPS: "copies in the backups made meanwhile"}
    for store, what in stores.items():
        connection.execute(
            erased.insert().values(
                erasure=identity, store=store, outcome="pending", moment=moment, what=what, reason=UNDER_WAY
            )
        )
    return identity


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
