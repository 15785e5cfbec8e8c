"""The catalogue from every released version to this one, and on to a next one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from casewright.errors import ConfigError, StorageError
from casewright.knowledge.store.catalogue import Catalogue
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.tables import metadata

RELEASED = ("0001",)
_NEXT = '''
"""Version 2, of this test: a case has a note."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

def upgrade() -> None:
    """Add it, and fill it for the cases there are."""
    with op.batch_alter_table("cases") as batch:
        batch.add_column(sa.Column("note", sa.String, nullable=False, server_default=""))
    op.execute("UPDATE cases SET note = 'from version 1'")
'''


def columns(path: Path) -> dict[str, set[str]]:
    with sqlite3.connect(path) as connection:
        return {
            table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }


def filled(path: Path, version: str) -> None:
    """A catalogue of a released version, with a case in it as that version wrote it."""
    database = Database(path)
    database.open(upto=version)
    database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO cases VALUES ('u', 'smith', 1, 0, '2026-01-01T00:00:00+00:00')")
        connection.execute(
            "INSERT INTO documents VALUES ('d', 'u', 'a.txt', 1, 1, NULL, '2026-01-01', '2026-01-01')"
        )
        connection.execute(
            "INSERT INTO versions (document, version, media_type, sha256, size, state, warnings, created, "
            "updated) VALUES ('d', 1, 'text/plain', 'ff', 3, 'ready', '[]', '2026-01-01', '2026-01-01')"
        )


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_version_becomes_this_one_with_all_it_had(tmp_path: Path, version: str) -> None:
    path = tmp_path / "catalogue.sqlite"
    filled(path, version)
    database = Database(path)
    database.open()
    (record,) = Catalogue(database).all("smith")
    assert (record.name, record.version, record.state) == ("a.txt", 1, "ready")
    found = columns(path)
    for name, table in metadata.tables.items():
        assert found[name] == {column.name for column in table.columns}
    database.close()


def test_a_next_version_takes_over_and_this_one_then_refuses(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    filled(path, "0001")
    more = tmp_path / "more"
    more.mkdir()
    (more / "v0002_note.py").write_text(_NEXT)
    newer = Database(path)
    newer.open(versions=[more])
    newer.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT note FROM cases").fetchall() == [("from version 1",)]
    with pytest.raises(ConfigError, match="newer"):
        Database(path).open()


def test_a_migration_that_fails_leaves_what_was(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    filled(path, "0001")
    more = tmp_path / "more"
    more.mkdir()
    (more / "v0002_note.py").write_text(_NEXT.replace("SET note", "SET no_such_column"))
    with pytest.raises(StorageError):
        Database(path).open(versions=[more])
    database = Database(path)
    database.open()
    assert "note" not in columns(path)["cases"]
    assert len(Catalogue(database).all("smith")) == 1
    database.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="damaged"):
        Database(path).open()
