"""A case's ``text.sqlite``: its schema, its connections, and taking out of its files what was deleted.

One writer a case, many readers: a reader sees the state of the moment it began (WAL), and never waits. Each
piece of work has a connection to itself; a few are kept for the next.

What is deleted is overwritten (``secure_delete``), but only where it lies then: of a row that SQLite moved to
another page a copy stays in the free room of the first, which no pragma clears. So after a removal the whole
file is written anew (``VACUUM``). SQLite's keyword index only marks terms as deleted, so it is merged into
one before (``optimize``); the log holds older pages, so it is written back and cut to nothing after.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.disk import refused as by_system
from casewright.errors import ConfigError, DiskFull, StorageError
from casewright.knowledge.records import Stamp
from casewright.knowledge.store.index_terms import EVERY

FILE = "text.sqlite"
VERSION = 2
_KEPT = 4
_WAIT_S = 30.0
_SCRUB_WAIT_MS = 2000
# Each merging adds levels to the keyword index that stay empty, and with more than 2,000 SQLite takes it for
# damaged; before that it is made anew, which begins with one level.
_LEVELS = 1000
_STRUCTURE = 10  # the row of ``keyword_data`` that says how many there are
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_size=-8192",
    "mmap_size=1073741824",
    "trusted_schema=OFF",
)
# ``papers`` are versions of documents; several of one version may be there until one is shown.
# ``shown`` are the chunks that can be found, in the order of their publication.
SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE papers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, version INTEGER NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL, chunks INTEGER NOT NULL, source TEXT NOT NULL,
    markdown TEXT NOT NULL
);
CREATE INDEX papers_of ON papers (document, version);
CREATE TABLE removed (document TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, paper INTEGER NOT NULL REFERENCES papers (id),
    ordinal INTEGER NOT NULL, page INTEGER NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL,
    tokens INTEGER NOT NULL, kind TEXT NOT NULL, headings TEXT NOT NULL, box TEXT, text TEXT NOT NULL,
    terms TEXT NOT NULL
);
CREATE INDEX chunks_of ON chunks (paper);
CREATE TABLE vectors (chunk INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE features (feature TEXT, chunk INTEGER, PRIMARY KEY (feature, chunk)) WITHOUT ROWID;
CREATE INDEX features_of ON features (chunk);
CREATE TABLE shown (seq INTEGER PRIMARY KEY AUTOINCREMENT, chunk INTEGER NOT NULL UNIQUE);
CREATE VIEW findable AS SELECT c.id AS id, c.terms AS terms FROM shown s JOIN chunks c ON c.id = s.chunk;
CREATE VIRTUAL TABLE keyword USING fts5 (
    terms, content='findable', content_rowid='id',
    tokenize="unicode61 remove_diacritics 0 tokenchars '{EVERY}'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (keyword, row);
INSERT INTO meta VALUES ('changes', 0), ('size', 0), ('stamp', ''), ('scrub', 0), ('vectors_name', ''),
    ('vectors_made', 0), ('vectors_upto', 0), ('vectors_reach', 0), ('vectors_held', 0), ('vectors_epoch', 0),
    ('vectors_dropping', '[]');
PRAGMA user_version = {VERSION};
"""

# Before version 2 a removal left copies of rows that had been moved: where there was one, it is done again.
_AGAIN = f"""
BEGIN IMMEDIATE;
UPDATE meta SET value = 1 WHERE key = 'scrub' AND EXISTS (SELECT 1 FROM removed);
PRAGMA user_version = {VERSION};
COMMIT;
"""


class TextFile:
    """The file. Any thread; ``reading`` and ``writing`` give a connection for one piece of work.

    ``opened`` counts connections in use, so that a file that nobody uses can be told.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened = 0
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False

    def create(self) -> None:
        """Make the file where there is none, or only the beginning of one.

        Raises:
            StorageError: it cannot be written, or is of a newer version.
        """
        with told(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
            try:
                connection.execute("PRAGMA page_size=8192")
                connection.execute("PRAGMA journal_mode=WAL")
                found = connection.execute("PRAGMA user_version").fetchone()[0]
                if found == 0:
                    connection.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT;")
                elif found < VERSION:
                    connection.executescript(_AGAIN)
                elif found > VERSION:
                    raise ConfigError(
                        f"{self.path} was written by a newer Casewright (schema {found})",
                        hint="use that version, or restore a backup of this one",
                    )
            finally:
                connection.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose queries all see one state."""
        with self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are all made, and on the disk, at the end, or none is."""
        with self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def scrub(self) -> bool:
        """Take what was deleted out of the files; False while a reader still looks at an older state."""
        with self.writing() as connection:
            way = "rebuild" if _levels(connection) > _LEVELS else "optimize"
            connection.execute("INSERT INTO keyword (keyword) VALUES (?)", (way,))
        with self._lent() as connection:
            connection.execute("VACUUM")
            if not self.cut_log(connection):
                return False
        with self.writing() as connection:
            put_meta(connection, scrub=0)
        return True

    def cut_log(self, connection: sqlite3.Connection) -> bool:
        """Write the log back and cut it to nothing; False while a reader needs it."""
        connection.execute(f"PRAGMA busy_timeout={_SCRUB_WAIT_MS}")
        try:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        finally:
            connection.execute(f"PRAGMA busy_timeout={int(_WAIT_S * 1000)}")

    def rest(self) -> None:
        """Close the connections that nobody uses."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close the file; pieces of work under way end first with their own connection."""
        self._closed = True
        self.rest()

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        with told(self.path):
            connection = self._take()
            try:
                yield connection
            except sqlite3.DatabaseError:
                connection.close()
                raise
            finally:
                self._give(connection)

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            self.opened += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except BaseException:
            with self._guard:
                self.opened -= 1
            raise

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            self.opened -= 1
            if not self._closed and len(self._idle) < _KEPT and _usable(connection):
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> sqlite3.Connection:
        if not self.path.is_file():  # or connecting would make an empty one
            raise StorageError(f"{self.path} is missing", hint="run casewright doctor, or restore a backup")
        connection = sqlite3.connect(
            self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection


@dataclass(frozen=True, slots=True)
class Meta:
    """What the file says of itself.

    ``changes`` counts publications and removals; ``size`` is how many chunks can be found; ``scrub``: deleted
    text may still be in the files. Of Chroma's copy: ``vectors_name`` is its build (empty: none); it holds
    every chunk whose ``seq`` is at most ``vectors_upto``, and perhaps those up to ``vectors_reach``;
    ``vectors_held`` counts what was put into it; ``vectors_epoch`` counts removals, which make a build that
    is under way useless; ``vectors_dropping`` are builds that are to go.
    """

    changes: int
    size: int
    stamp: str
    scrub: int
    vectors_name: str
    vectors_made: int
    vectors_upto: int
    vectors_reach: int
    vectors_held: int
    vectors_epoch: int
    vectors_dropping: str

    @property
    def stamped(self) -> Stamp | None:
        """Which embedding made the vectors; None before the first."""
        return Stamp(**json.loads(self.stamp)) if self.stamp else None

    @property
    def dropping(self) -> list[str]:
        """Names of builds."""
        return list(json.loads(self.vectors_dropping))


def meta(connection: sqlite3.Connection) -> Meta:
    """What the file says of itself."""
    said: dict[str, Any] = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    return Meta(**said)


def put_meta(connection: sqlite3.Connection, **values: int | str) -> None:
    """Have it say otherwise."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """SQLite's and the system's refusals as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise refused(path, error) from error
    except OSError as error:
        raise by_system(path, error) from error


def refused(path: Path, error: sqlite3.Error) -> StorageError:
    """What SQLite said, as our error."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL:
        return DiskFull(f"no space left to write {path}", hint="free some space and repeat")
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageError(
            f"{path} is damaged: {error}", hint="run casewright doctor, or restore the last backup"
        )
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(f"{path} is in use by another writer", hint="repeat it in a moment")
    return StorageError(
        f"{path} refuses: {error}", hint="check the data directory, and run casewright doctor"
    )


def _levels(connection: sqlite3.Connection) -> int:
    """How many levels the keyword index has: the first number of its structure, after four bytes."""
    row = connection.execute("SELECT block FROM keyword_data WHERE id = ?", (_STRUCTURE,)).fetchone()
    count = 0
    for byte in row[0][4:] if row else b"":
        count = count << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return count


def _usable(connection: sqlite3.Connection) -> bool:
    try:
        return not connection.in_transaction
    except sqlite3.ProgrammingError:
        return False
