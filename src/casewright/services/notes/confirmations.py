"""Who confirmed which letter, and when: kept by the letter's seal, without a word of the letter."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from casewright.api.notes import Confirmation
from casewright.disk import trouble
from casewright.errors import DiskFull, StorageError

FILE = Path("notes") / "confirmations.sqlite"
_WAIT_S = 10.0
# less than this holds no journal of a page and a half
_JOURNAL_BYTES = 8192
_TABLE = """
    CREATE TABLE IF NOT EXISTS confirmations (
        seal TEXT NOT NULL,
        confirmed_by TEXT NOT NULL,
        confirmed_at TEXT NOT NULL,
        note TEXT,
        UNIQUE (seal, confirmed_by)
    )
"""
_COLUMNS = "seal, confirmed_by, confirmed_at, note"


class Confirmations:
    """The confirmations of one data directory; every call opens the file, blocks, and closes it.

    Each method raises ``StorageError`` where the file cannot be read or written (``DiskFull``: for want of
    space).
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def keep(self, seal: str, confirmed_by: str, note: str | None) -> Confirmation:
        """Keep a person's word, safe on the disk when this returns; the same person's second is the first."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as store:
            store.execute(
                f"INSERT INTO confirmations ({_COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (seal, confirmed_by, now, note),
            )
            store.commit()
            row = store.execute(
                f"SELECT {_COLUMNS} FROM confirmations WHERE seal = ? AND confirmed_by = ?",
                (seal, confirmed_by),
            ).fetchone()
        return _read(row)

    def first(self, seal: str) -> Confirmation | None:
        """The word that released a letter: the earliest; None while there is none."""
        with self._open() as store:
            row = store.execute(
                f"SELECT {_COLUMNS} FROM confirmations WHERE seal = ? ORDER BY rowid LIMIT 1",
                (seal,),
            ).fetchone()
        return None if row is None else _read(row)

    def check(self) -> None:
        """Raise unless the file can be read, and something can be put beside it: its table being there says
        nothing of the disk.
        """
        with self._open():
            if problem := trouble(self._path.parent):
                raise StorageError(problem, hint="free some space, and check the permissions")

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as store:
                # a rollback journal with EXTRA reaches the disk at commit, directory entry and all
                store.execute("PRAGMA synchronous = EXTRA")
                store.execute(_TABLE)
                yield store
        except (sqlite3.Error, OSError) as error:
            if self._full(error):
                raise DiskFull(
                    f"no space left to write {self._path}", hint="free some space and repeat"
                ) from error
            raise StorageError(
                f"cannot use {self._path}: {error}", hint="check the data directory and its space"
            ) from error

    def _full(self, error: sqlite3.Error | OSError) -> bool:
        """Whether it is for want of space."""
        if isinstance(error, OSError):
            return error.errno in (errno.ENOSPC, errno.EDQUOT)
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):  # its journal had no room
            with contextlib.suppress(OSError):
                return shutil.disk_usage(self._path.parent).free < _JOURNAL_BYTES
        return primary == sqlite3.SQLITE_FULL


def _read(row: tuple[str, str, str, str | None]) -> Confirmation:
    seal, confirmed_by, confirmed_at, note = row
    return Confirmation(seal=seal, confirmed_by=confirmed_by, confirmed_at=confirmed_at, note=note)
