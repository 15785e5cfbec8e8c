"""The durable line of items to be read: ids only, in a database that outlives the process.

persist-queue keeps it: what was taken and not finished is in the line again at the next start. Here it is
made to sync every change and to overwrite what it deletes, and its errors become ours.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persistqueue import Empty, SQLiteAckQueue
from persistqueue.serializers import json as as_json
from persistqueue.sqlackqueue import AckStatus

from casewright.errors import DiskFull, StorageError

FILE = "backlog.sqlite"
_KEPT_AT_ONCE = 1000
_DONE = (AckStatus.acked, AckStatus.ack_failed)


@dataclass(frozen=True, slots=True)
class Taken:
    """An item that was taken from the line; ``key`` is its place there, for ``done``.

    ``attempts`` counts how often it was, this time included: one that ends the process is not tried for ever.
    """

    key: int
    item: str
    attempts: int


class Backlog:
    """The line. Methods block and may be called from any thread, between ``open`` and ``close``.

    All raise ``StorageError`` (``DiskFull``) where the database refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._queue: SQLiteAckQueue | None = None

    def open(self) -> None:
        """Open it; what an earlier process had taken is in the line again."""
        with self._told():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._folder / FILE, os.O_CREAT | os.O_RDWR, 0o600))
            self._queue = _Queue(
                str(self._folder), multithreading=True, serializer=as_json, db_file_name=FILE
            )

    def close(self) -> None:
        """Close it; the log goes into the file."""
        with self._guard, self._told():
            if self._queue is not None:
                self._queue.close()
                self._queue = None

    def put(self, item: str) -> None:
        """An item at the end of the line; on disk when this returns."""
        with self._guard, self._told():
            self._open().put({"item": item, "attempts": 0})

    def take(self) -> Taken | None:
        """The first of the line; None where nobody waits."""
        with self._guard, self._told():
            queue = self._open()
            try:
                found: dict[str, Any] = queue.get(block=False, raw=True)
            except Empty:
                return None
            taken = Taken(found["pqid"], found["data"]["item"], found["data"]["attempts"] + 1)
            self._put_down(taken, taken.attempts)
            return taken

    def done(self, taken: Taken) -> None:
        """Take an item out for good, and overwrite it."""
        with self._guard, self._told():
            queue = self._open()
            queue.ack(id=taken.key)
            queue.clear_acked_data(max_delete=_KEPT_AT_ONCE, keep_latest=0, clear_ack_failed=True)

    def give_back(self, taken: Taken) -> None:
        """Leave an item to the next process; that this one ends is not the item's doing."""
        with self._guard, self._told():
            self._put_down(taken, taken.attempts - 1)
            self._open().nack(id=taken.key)

    def items(self) -> list[str]:
        """Every item that is in the line or was taken from it, in order."""
        with self._guard, self._told():
            # one that was done when the process ended is still written there, and never taken again
            rows = [row for row in self._open().queue() if str(row["status"]) not in _DONE]
            return [str(row["data"]["item"]) for row in rows]

    def waiting(self) -> int:
        """How many are in the line."""
        with self._guard, self._told():
            return int(self._open().qsize())

    def _put_down(self, taken: Taken, attempts: int) -> None:
        self._open().update({"item": taken.item, "attempts": attempts}, id=taken.key)

    def _open(self) -> SQLiteAckQueue:
        if self._queue is None:
            raise StorageError("the backlog is closed", hint="the service is stopping; send it again")
        return self._queue

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise DiskFull(
                    "no space is left for the backlog", hint="free some space and repeat"
                ) from error
            raise StorageError(f"the backlog refuses: {error}", hint="check the data directory") from error


class _Queue(SQLiteAckQueue):
    """Every change is synced, and what is deleted is overwritten."""

    def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:
        connection = super()._new_db_connection(path, multithreading, timeout)
        for pragma in ("synchronous=FULL", "secure_delete=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection
