"""The catalogue's file: its connections, transactions and migrations, and its refusals as our errors."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from casewright.disk import own_folder
from casewright.errors import ConfigError, StorageError
from casewright.knowledge.store.texts import refused

FILE = "catalogue.sqlite"
_MIGRATIONS = Path(__file__).parent / "migrations"
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "foreign_keys=ON",
)


class Database:
    """The catalogue's file: transactions, migrations, and its errors as ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine: sa.Engine | None = None

    def open(self, *, versions: Sequence[Path] = (), upto: str = "head") -> None:
        """Open it, and bring it to the schema of this version (``upto``; ``versions`` are more migrations).

        Raises:
            ConfigError: a newer Casewright wrote it.
            StorageError: it cannot be used.
        """
        own_folder(self.path.parent)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = sa.create_engine(f"sqlite:///{self.path}", connect_args={"timeout": 30.0})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        self._engine = engine
        with self.begin() as connection:
            _migrate(connection, self.path, versions, upto)

    def close(self) -> None:
        """Close it."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextlib.contextmanager
    def begin(self, *, reads: bool = False) -> Iterator[sa.Connection]:
        """A transaction: all of it is on the disk at the end, or none. One that only ``reads`` waits for
        none.
        """
        if self._engine is None:
            raise StorageError("the catalogue is closed", hint="the service is stopping; repeat it then")
        try:
            with self._engine.connect().execution_options(reads=reads) as connection, connection.begin():
                yield connection
        except sa.exc.DBAPIError as error:
            cause = error.orig if isinstance(error.orig, sqlite3.Error) else sqlite3.Error(str(error))
            raise refused(self.path, cause) from error

    def scrub(self) -> bool:
        """Take what was deleted out of the files; False while somebody reads an older state.

        The file is written anew, as moved rows leave copies in it (see ``texts``).
        """
        if self._engine is None:
            return False
        connection = sqlite3.connect(self.path, timeout=30.0, isolation_level=None)
        with contextlib.closing(connection):
            try:
                _prepare(connection, None)
                connection.execute("VACUUM")
                connection.execute("PRAGMA busy_timeout=2000")
                return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            except sqlite3.Error as error:
                raise refused(self.path, error) from error


def _prepare(connection: Any, _record: Any) -> None:
    # Python's own transactions begin too late for ours
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: sa.Connection) -> None:
    # from the start, or two that read first and write then could not both go on
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _migrate(connection: sa.Connection, path: Path, more: Sequence[Path], upto: str) -> None:
    from alembic import command  # noqa: PLC0415 - large, and only needed once
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    locations = "\n".join(str(one) for one in (_MIGRATIONS / "versions", *more))
    config.set_main_option("version_locations", locations.replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, upto)
    except CommandError as error:
        raise ConfigError(
            f"{path} was written by a newer Casewright: {error}",
            hint="use that version, or restore a backup of this one",
        ) from error
