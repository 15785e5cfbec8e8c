"""What is to be read, in a database that survives the process: SQLite with a log, synced at every change.

What is deleted is overwritten (``secure_delete``), the file is written anew and the log is emptied after it,
so that no name of a file stays behind. Passwords are never written here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from casewright.api.documents import JobStatus
from casewright.errors import DiskFull, NotFound, StorageError

ACTIVE: tuple[JobStatus, ...] = ("queued", "running")
ENDED = tuple(status for status in get_args(JobStatus) if status not in ACTIVE)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, document_id TEXT NOT NULL, filename TEXT NOT NULL, options TEXT NOT NULL,
  with_password INTEGER NOT NULL, status TEXT NOT NULL, created REAL NOT NULL, started REAL, ended REAL,
  attempts INTEGER NOT NULL, pages_done INTEGER NOT NULL, pages_total INTEGER,
  error_kind TEXT NOT NULL, error_message TEXT NOT NULL, error_hint TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_age ON jobs (created);
PRAGMA user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One row. Times are seconds since 1970; ``options`` is JSON.

    ``with_password``: one was given, and is not here. ``attempts`` counts how often reading was begun;
    ``error_*`` are empty unless it failed.
    """

    id: str
    document_id: str
    filename: str
    options: str
    with_password: bool
    status: JobStatus
    created: float
    started: float | None = None
    ended: float | None = None
    attempts: int = 0
    pages_done: int = 0
    pages_total: int | None = None
    error_kind: str = ""
    error_message: str = ""
    error_hint: str = ""


_COLUMNS = tuple(field.name for field in fields(Job))


class JobBook:
    """The database. Every method may be called from any thread, after ``open``.

    All raise ``StorageError`` (``DiskFull``) when the database refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open it, and make it where it is not.

        Raises:
            StorageError: it is no database of jobs, or of another version, or cannot be used.
        """
        with self._told():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                for pragma in (
                    "journal_mode=WAL",
                    "synchronous=FULL",
                    "secure_delete=ON",
                    "temp_store=MEMORY",  # writing the file anew leaves no copy in a temporary folder
                    "busy_timeout=5000",
                ):
                    database.execute(f"PRAGMA {pragma}").fetchall()
                database.executescript(_SCHEMA)
                database.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs LIMIT 1").fetchall()
            except sqlite3.Error:
                database.close()
                raise
            self._database = database

    def close(self) -> None:
        """Close it; the log goes into the file."""
        with self._guard, self._told():
            if self._database is not None:
                self._database.close()
                self._database = None

    def add(self, job: Job) -> None:
        """Write a new job; on disk when this returns."""
        marks = ", ".join("?" * len(_COLUMNS))
        self._do(f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})", _values(job))

    def change(self, identity: str, **values: Any) -> Job:
        """Change some of a job's fields; the job as it is then.

        Raises:
            NotFound: it is not there any more.
        """
        job = replace(self.get(identity), **values)
        named = ", ".join(f"{name} = ?" for name in values)
        self._do(f"UPDATE jobs SET {named} WHERE id = ?", [*values.values(), identity])
        return job

    def get(self, identity: str) -> Job:
        """One job.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._ask("WHERE id = ?", [identity])
        if not found:
            raise NotFound("there is no job of that id", hint="it was forgotten, or never was")
        return found[0]

    def active(self) -> list[Job]:
        """Those that are not ended, oldest first."""
        return self._ask("WHERE status IN (?, ?) ORDER BY created, id", ACTIVE)

    def recent(self, limit: int, offset: int) -> list[Job]:
        """Newest first."""
        return self._ask("ORDER BY created DESC, id DESC LIMIT ? OFFSET ?", [limit, offset])

    def of_document(self, document_id: str) -> list[Job]:
        """The jobs of one document."""
        return self._ask("WHERE document_id = ? ORDER BY created", [document_id])

    def count(self) -> int:
        """How many there are, ended ones too."""
        with self._guard, self._told():
            return int(self._open().execute("SELECT count(*) FROM jobs").fetchone()[0])

    def forget(self, *identities: str) -> None:
        """Erase jobs, also from the database's log."""
        marks = ", ".join("?" * len(identities))
        self._do(f"DELETE FROM jobs WHERE id IN ({marks})", identities)
        self._scrub()

    def forget_of_document(self, document_id: str) -> None:
        """Erase the jobs of a document."""
        self._do("DELETE FROM jobs WHERE document_id = ?", [document_id])
        self._scrub()

    def ended_before(self, moment: float) -> list[Job]:
        """Jobs that came to an end without a document, before a moment."""
        return self._ask("WHERE status IN ('failed', 'cancelled') AND ended < ?", [moment])

    def done(self) -> list[Job]:
        """Jobs whose file was read."""
        return self._ask("WHERE status = 'done'", [])

    def _scrub(self) -> None:
        """Write the file anew: rows that moved between pages left copies of themselves in the gaps."""
        self._do("VACUUM", [])
        self.checkpoint()

    def checkpoint(self) -> None:
        """Put the log into the file and empty it."""
        with self._guard, self._told():
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _ask(self, rest: str, values: Sequence[Any]) -> list[Job]:
        with self._guard, self._told():
            rows = self._open().execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs {rest}", values).fetchall()
        return [_job(row) for row in rows]

    def _do(self, statement: str, values: Sequence[Any]) -> None:
        with self._guard, self._told():
            self._open().execute(statement, values)

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            raise StorageError("the database of jobs is closed", hint="the service is stopping; ask again")
        return self._database

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            if full or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(f"no space left in {self._path}", hint="free some space and repeat") from error
            hint = "check its permissions and the disk"
            if isinstance(error, sqlite3.DatabaseError) and self._database is None:
                hint = "move it away and start again: files that were read stay, jobs that wait are lost"
            raise StorageError(f"the database of jobs {self._path} refuses: {error}", hint=hint) from error


def _values(job: Job) -> list[Any]:
    return [getattr(job, name) for name in _COLUMNS]


def _job(row: Sequence[Any]) -> Job:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Job(**{**values, "with_password": bool(values["with_password"])})
