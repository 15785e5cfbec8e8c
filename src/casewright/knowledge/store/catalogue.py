"""The catalogue: what is known of cases and their documents. SQLAlchemy Core, any thread.

What can be found is decided by each case's own texts; the catalogue says how far each document is. Where a
crash came between the two, ``settle`` takes the texts' word.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select, update

from casewright.errors import NotFound
from casewright.knowledge.records import SourceDocument
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.tables import cases, documents, versions
from casewright.knowledge.store.values import (
    UNFINISHED,
    CaseRecord,
    DocumentRecord,
    Failure,
    Registered,
    State,
)
from casewright.knowledge.tokens import sayable

_LOST = Failure(
    "storage", "what was read of it is not in the index", "send it again, or restore an older backup"
)


class Catalogue:
    """Cases and their documents."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self, name: str) -> None:
        """A case of this name, if there is none."""
        with self.database.begin() as connection:
            if _case(connection, name) is None:
                connection.execute(
                    cases.insert().values(
                        uuid=str(uuid.uuid4()), name=name, generation=1, dirty=0, created=now()
                    )
                )

    def place(self, name: str) -> tuple[str, int]:
        """A case's folder: its uuid, and the generation in use.

        Raises:
            NotFound: there is no such case.
        """
        with self.database.begin(reads=True) as connection:
            row = _case(connection, name)
        if row is None:
            raise NotFound("there is no such case", hint="put a document into it, and it is made")
        return row.uuid, row.generation

    def places(self) -> list[tuple[str, str, int, bool]]:
        """Every case: name, uuid, generation, and whether somebody may have been writing."""
        with self.database.begin(reads=True) as connection:
            found = connection.execute(select(cases).order_by(cases.c.created, cases.c.uuid)).all()
        return [(row.name, row.uuid, row.generation, bool(row.dirty)) for row in found]

    def mark(self, case_uuid: str, *, dirty: bool) -> None:
        """Whether somebody may be writing to a case: what a crash leaves is looked for there."""
        with self.database.begin() as connection:
            connection.execute(update(cases).where(cases.c.uuid == case_uuid).values(dirty=int(dirty)))

    def set_generation(self, case_uuid: str, generation: int) -> None:
        """Use another generation of a case from now on."""
        with self.database.begin() as connection:
            connection.execute(update(cases).where(cases.c.uuid == case_uuid).values(generation=generation))

    def records(self, only: str | None = None) -> list[CaseRecord]:
        """Every case, oldest first; or only the one of this name."""
        states = (
            select(documents.c.case_uuid, versions.c.state, func.count())
            .join(versions, _newest())
            .group_by(documents.c.case_uuid, versions.c.state)
        )
        found = (
            select(documents.c.case_uuid, func.sum(versions.c.chunks))
            .join(versions, _shown())
            .group_by(documents.c.case_uuid)
        )
        query = select(cases).order_by(cases.c.created, cases.c.uuid)
        if only is not None:
            here = select(cases.c.uuid).where(cases.c.name == only).scalar_subquery()
            states, found = (each.where(documents.c.case_uuid == here) for each in (states, found))
            query = query.where(cases.c.name == only)
        with self.database.begin(reads=True) as connection:
            rows = connection.execute(query).all()
            counts: dict[str, dict[str, int]] = {}
            for case_uuid, state, count in connection.execute(states):
                counts.setdefault(case_uuid, {})[state] = count
            chunks = {case_uuid: int(count or 0) for case_uuid, count in connection.execute(found)}
        return [
            CaseRecord(row.name, row.created, counts.get(row.uuid, {}), chunks.get(row.uuid, 0))
            for row in rows
        ]

    def register(
        self, case: str, *, name: str, media_type: str, sha256: str, size: int, original: str | None
    ) -> Registered:
        """A file into a case: as a document, as another's next version, or as what is there already."""
        name, moment = sayable(name), now()
        with self.database.begin() as connection:
            row = _known_case(connection, case)
            same = connection.execute(
                select(documents.c.uuid)
                .join(versions, _newest())
                .where(documents.c.case_uuid == row.uuid, versions.c.sha256 == sha256)
                .order_by(documents.c.name != name, documents.c.created)
            ).first()
            if same is not None:
                return Registered(_record(connection, row.name, same.uuid), fresh=False)
            known = connection.execute(
                select(documents).where(documents.c.case_uuid == row.uuid, documents.c.name == name)
            ).first()
            if known is None:
                identity, version = str(uuid.uuid4()), 1
                connection.execute(
                    documents.insert().values(
                        uuid=identity, case_uuid=row.uuid, name=name, newest=1, created=moment, updated=moment
                    )
                )
            else:
                identity, version = known.uuid, known.newest + 1
                connection.execute(
                    update(documents)
                    .where(documents.c.uuid == identity)
                    .values(newest=version, updated=moment)
                )
            connection.execute(
                versions.insert().values(
                    document=identity, version=version, media_type=media_type, sha256=sha256, size=size,
                    state="queued", original=original, warnings=[], created=moment, updated=moment,
                )
            )  # fmt: skip
            return Registered(_record(connection, row.name, identity), fresh=True)

    def document(self, case: str, identity: str) -> DocumentRecord:
        """A document of a case.

        Raises:
            NotFound: there is none of that id in it, or no such case.
        """
        with self.database.begin(reads=True) as connection:
            row = _known_case(connection, case)
            return _record(connection, row.name, identity, row.uuid)

    def all(
        self, case: str, states: Sequence[str] = (), limit: int | None = None, offset: int = 0
    ) -> list[DocumentRecord]:
        """The documents of a case, newest first; those in these states, so many from ``offset`` on."""
        with self.database.begin(reads=True) as connection:
            row = _known_case(connection, case)
            query = _joined().where(documents.c.case_uuid == row.uuid)
            if states:
                query = query.where(versions.c.state.in_(states))
            query = query.order_by(documents.c.created.desc(), documents.c.uuid)
            found = connection.execute(query.limit(limit).offset(offset)).all()
        return [_as_record(one, row.name) for one in found]

    def advance(self, identity: str, version: int, state: State, **said: Any) -> None:
        """How far a version is; what is None in ``said`` stays as it is.

        Raises:
            NotFound: it was deleted.
        """
        values: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        failure: Failure | None = values.pop("failure", None)
        moment = now()
        with self.database.begin() as connection:
            changed = connection.execute(
                update(versions)
                .where(versions.c.document == identity, versions.c.version == version)
                .values(
                    state=state,
                    failure=None if failure is None else vars_of(failure),
                    updated=moment,
                    **values,
                )
            )
            if not changed.rowcount:
                raise NotFound(f"document {identity} was deleted", hint="send it again if it is wanted")
            found: dict[str, Any] = {"updated": moment}
            if state in ("ready", "partial"):
                found |= {"shown": version, "ready": moment}
            connection.execute(update(documents).where(documents.c.uuid == identity).values(**found))

    def originals(self, document: str) -> list[str]:
        """What the document service keeps of a document: the originals of all its versions."""
        with self.database.begin(reads=True) as connection:
            found = connection.execute(
                select(versions.c.original)
                .where(versions.c.document == document, versions.c.original.is_not(None))
                .order_by(versions.c.version)
            ).scalars()
            return [str(one) for one in found]

    def unfinished(self) -> list[tuple[str, str, int]]:
        """Case, document and version of everything that waits or is at work, oldest first."""
        with self.database.begin(reads=True) as connection:
            found = connection.execute(
                select(cases.c.name, versions.c.document, versions.c.version)
                .join(documents, documents.c.uuid == versions.c.document)
                .join(cases, cases.c.uuid == documents.c.case_uuid)
                .where(versions.c.state.in_(UNFINISHED))
                .order_by(versions.c.created, versions.c.document, versions.c.version)
            ).all()
        return [(row.name, row.document, row.version) for row in found]

    def settle(self, case_uuid: str, found: Mapping[str, tuple[int, str, int, int]]) -> list[str]:
        """Take the texts' word: ``found`` are version, status, pages and chunks of each document that is
        there.

        Returns what was changed, in words. Documents that are found and not known here are ``strangers``.
        """
        told = []
        with self.database.begin() as connection:
            rows = connection.execute(_joined().where(documents.c.case_uuid == case_uuid)).all()
            for row in rows:
                there = found.get(row.uuid)
                if there is None and row.shown is not None:
                    _lost(connection, row.uuid, row.shown)
                    told.append(f"document {row.uuid} is not in the index: it has failed")
                elif there is not None and there[0] != row.shown:
                    _arrived(connection, row.uuid, there)
                    told.append(f"document {row.uuid} is found in version {there[0]}")
        return told

    def adopt(self, case_uuid: str, identity: str, version: int, source: SourceDocument, chunks: int) -> None:
        """Take up a document that is found and not known here, as where an older catalogue was put back."""
        moment = now()
        with self.database.begin() as connection:
            connection.execute(
                documents.insert().values(
                    uuid=identity, case_uuid=case_uuid, name=source.name, newest=version, shown=version,
                    ready=moment, created=moment, updated=moment,
                )
            )  # fmt: skip
            connection.execute(
                versions.insert().values(
                    document=identity, version=version, media_type=source.media_type, sha256=source.sha256,
                    size=len(source.markdown.encode()), state="ready" if source.status == "ok" else "partial",
                    original=source.original, pages=len(source.pages), chunks=chunks,
                    warnings=list(source.warnings), created=moment, updated=moment,
                )
            )  # fmt: skip

    def listed(self, case_uuid: str) -> dict[str, tuple[int | None, str]]:
        """The documents of a case: the version that is said to be found, and the newest one's state."""
        with self.database.begin(reads=True) as connection:
            rows = connection.execute(_joined().where(documents.c.case_uuid == case_uuid)).all()
        return {row.uuid: (row.shown, row.state) for row in rows}

    def strangers(self, case_uuid: str, found: Sequence[str]) -> list[str]:
        """Those of these documents that are not this case's."""
        with self.database.begin(reads=True) as connection:
            known = connection.execute(
                select(documents.c.uuid).where(documents.c.case_uuid == case_uuid)
            ).scalars()
            return sorted(set(found) - set(known))


def now() -> str:
    """The moment, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def vars_of(failure: Failure) -> dict[str, str]:
    """A failure as the database keeps it."""
    return {"type": failure.type, "message": sayable(failure.message), "hint": sayable(failure.hint)}


def failure_of(said: Mapping[str, str] | None) -> Failure | None:
    """A failure as the database kept it."""
    return None if said is None else Failure(**said)


def _case(connection: sa.Connection, name: str) -> Any:
    return connection.execute(select(cases).where(cases.c.name == name)).first()


def _known_case(connection: sa.Connection, name: str) -> Any:
    row = _case(connection, name)
    if row is None:
        raise NotFound("there is no such case", hint="put a document into it, and it is made")
    return row


def _newest() -> sa.ColumnElement[bool]:
    return (versions.c.document == documents.c.uuid) & (versions.c.version == documents.c.newest)


def _shown() -> sa.ColumnElement[bool]:
    return (versions.c.document == documents.c.uuid) & (versions.c.version == documents.c.shown)


def _joined() -> sa.Select[Any]:
    """A document with its newest version; the times are the document's own."""
    told = [column for column in versions.c if column.name not in ("document", "created", "updated")]
    return select(*documents.c, *told).join(versions, _newest())


def _record(
    connection: sa.Connection, case: str, identity: str, case_uuid: str | None = None
) -> DocumentRecord:
    query = _joined().where(documents.c.uuid == identity)
    if case_uuid is not None:
        query = query.where(documents.c.case_uuid == case_uuid)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("there is no such document in this case", hint="list the case's documents")
    return _as_record(row, case)


def _as_record(row: Any, case: str) -> DocumentRecord:
    return DocumentRecord(
        id=row.uuid,
        case_id=case,
        name=row.name,
        media_type=row.media_type,
        sha256=row.sha256,
        size=row.size,
        state=row.state,
        newest=row.newest,
        version=row.shown,
        created=row.created,
        updated=row.updated,
        ready=row.ready,
        original=row.original,
        pages=row.pages,
        chunks=row.chunks,
        warnings=tuple(row.warnings),
        failure=failure_of(row.failure),
    )


def _lost(connection: sa.Connection, identity: str, version: int) -> None:
    connection.execute(
        update(documents).where(documents.c.uuid == identity).values(shown=None, ready=None, updated=now())
    )
    connection.execute(
        update(versions)
        .where(versions.c.document == identity, versions.c.version == version)
        .values(state="failed", failure=vars_of(_LOST), updated=now())
    )


def _arrived(connection: sa.Connection, identity: str, there: tuple[int, str, int, int]) -> None:
    version, status, pages, chunks = there
    moment = now()
    connection.execute(
        update(documents)
        .where(documents.c.uuid == identity)
        .values(shown=version, newest=func.max(documents.c.newest, version), ready=moment, updated=moment)
    )
    state = "ready" if status == "ok" else "partial"
    connection.execute(
        update(versions)
        .where(versions.c.document == identity, versions.c.version == version)
        .values(state=state, pages=pages, chunks=chunks, failure=None, updated=moment)
    )
