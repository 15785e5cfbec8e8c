from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.errors import StorageError
from casewright.knowledge.doctor import examine, examine_all, repair
from casewright.knowledge.store import Library
from unit.knowledge.store.making import STAMP, put, vectors_for


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path, stamp=STAMP, dense_by="chroma")
    made.open()
    put(made, "smith", 1, extra="uniqueword")
    put(made, "smith", 2)
    made.settled()
    yield made
    made.close()


def change(library: Library, *statements: str) -> None:
    with sqlite3.connect(library.case("smith").parts.texts.path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_case_that_agrees_has_no_findings(library: Library) -> None:
    assert examine(library, "smith") == []
    assert examine_all(library) == []
    assert repair(library, "smith") == []


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("INSERT INTO keyword (keyword, rowid, terms) SELECT 'delete', id, terms FROM findable", "keyword"),
        ("INSERT INTO keyword (rowid, terms) VALUES (4711, 'stray')", "keyword"),
        ("UPDATE meta SET value = 99 WHERE key = 'size'", "number"),
        ("INSERT INTO vectors VALUES (4711, x'00')", "vectors"),
        ("INSERT INTO features VALUES ('i:stray', 4711)", "features"),
        ("UPDATE meta SET value = 1 WHERE key = 'scrub'", "deleted text"),
        ("UPDATE meta SET value = 'elsewhere' WHERE key = 'vectors_name'", "Chroma"),
        (
            "INSERT INTO papers (document, version, name, chunks, source, markdown) "
            "VALUES ('x', 1, '', 0, '', '')",
            "not published",
        ),
    ],
)
def test_what_follows_from_the_texts_is_made_again(library: Library, statement: str, word: str) -> None:
    change(library, statement)
    found = examine(library, "smith")
    assert any(word in one.what for one in found), found
    assert repair(library, "smith") == []
    library.settled()
    assert examine(library, "smith") == []
    index = library.reader("smith")
    assert len(index.keyword(["uniqueword"], 5)) == 1
    assert index.dense(vectors_for(3, 1)[1], 1)[0].score > 0.99


def test_chromas_folder_may_be_lost_or_damaged(library: Library) -> None:
    index = library.reader("smith")
    (folder,) = index.parts.folder.glob("vectors-*")
    library.shared.chroma.forget(folder)
    (folder / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    assert index.dense(vectors_for(3, 1)[1], 1)[0].score > 0.99
    assert index.trouble
    assert examine(library, "smith")
    assert repair(library, "smith") == []
    library.settled()
    assert examine(library, "smith") == []
    for folder in index.parts.folder.glob("vectors-*"):
        library.shared.chroma.forget(folder)
        shutil.rmtree(folder)
    assert index.dense(vectors_for(3, 1)[1], 1)[0].score > 0.99
    assert examine(library, "smith")
    assert repair(library, "smith") == []


def test_the_catalogue_follows_the_texts(library: Library) -> None:
    first, second = sorted(one.id for one in library.documents("smith"))
    with sqlite3.connect(library.folder / "catalogue.sqlite") as connection:
        connection.execute("UPDATE documents SET shown = NULL WHERE uuid = ?", (first,))
        connection.execute("DELETE FROM versions WHERE document = ?", (second,))
        connection.execute("DELETE FROM documents WHERE uuid = ?", (second,))
    connection.close()
    assert len(examine(library, "smith")) == 2
    assert repair(library, "smith") == []
    found = {one.id: (one.version, one.state, one.chunks) for one in library.documents("smith")}
    assert found == {first: (1, "ready", 3), second: (1, "ready", 3)}
    assert library.reader("smith").documents() == {first: 1, second: 1}


def test_a_lost_catalogue_takes_no_case_with_it(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "smith", 1)
    library.close()
    catalogue = tmp_path / "knowledge" / "catalogue.sqlite"
    kept = catalogue.read_bytes()
    catalogue.unlink()
    with pytest.raises(StorageError, match="missing"):
        library.open()
    catalogue.write_bytes(kept)
    library.open()
    assert library.reader("smith").size() == 3
    library.close()


def test_what_only_a_backup_gives_back_is_said(library: Library) -> None:
    change(library, "DELETE FROM vectors WHERE chunk = 1")
    (found,) = repair(library, "smith")
    assert "no vector" in found.what
    assert "reindex" in found.repair
    stray = library.folder / "cases" / "12345"
    stray.mkdir()
    assert any(one.case_id is None for one in examine_all(library))
