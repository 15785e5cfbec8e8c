"""Who confirmed which letter, and when: kept by the letter's seal, without a word of the letter."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from casewright.api.notes import Confirmation
from casewright.errors import StorageError

FILE = Path("notes") / "confirmations.sqlite"
_WAIT_S = 10.0
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

    Each method raises ``StorageError`` where the file cannot be read or written.
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
        """Raise unless the file can be used."""
        with self._open():
            pass

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
            raise StorageError(
                f"cannot use {self._path}: {error}", hint="check the data directory and its space"
            ) from error


def _read(row: tuple[str, str, str, str | None]) -> Confirmation:
    seal, confirmed_by, confirmed_at, note = row
    return Confirmation(seal=seal, confirmed_by=confirmed_by, confirmed_at=confirmed_at, note=note)
