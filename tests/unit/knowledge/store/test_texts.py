from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from casewright.errors import ConfigError, DiskFull, StorageError
from casewright.knowledge.store import Library
from casewright.knowledge.store.texts import FILE, TextFile, meta, put_meta
from unit.knowledge.store.making import STAMP, document, put


def test_a_full_disk_is_told_and_nothing_of_the_document_is_written(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "smith", 1)
    library.settled()  # what goes on behind a change holds a connection of its own
    index = library.reader("smith")
    texts = index.parts.texts
    texts.rest()
    # the one kept connection may not let the file grow: SQLite says of it what it says of a full disk
    with texts.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 1}")
    with library.writer("smith") as writer:
        with pytest.raises(DiskFull):
            writer.add("d2", 1, *document(2, chunks=500))
        texts.rest()
        assert index.size() == 3
        writer.add("d2", 1, *document(2, chunks=5))
        writer.publish("d2", 1)
    assert index.size() == 8
    library.close()


def test_a_file_of_a_newer_version_or_none_at_all_is_told(tmp_path: Path) -> None:
    texts = TextFile(tmp_path / FILE)
    texts.create()
    texts.create()
    with texts.writing() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="newer"):
        texts.create()
    texts.close()
    with pytest.raises(StorageError, match="missing"), TextFile(tmp_path / "none").reading():
        pass
    (tmp_path / "other").write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="damaged"), TextFile(tmp_path / "other").reading() as connection:
        meta(connection)


def test_a_change_that_fails_is_taken_back(tmp_path: Path) -> None:
    texts = TextFile(tmp_path / FILE)
    texts.create()
    with pytest.raises(StorageError), texts.writing() as connection:
        put_meta(connection, size=5)
        connection.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(KeyError), texts.writing() as connection:
        put_meta(connection, size=6)
        raise KeyError
    with texts.reading() as connection:
        assert meta(connection).size == 0
    texts.close()
    with sqlite3.connect(texts.path) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_another_process_is_kept_out_until_the_first_is_done(tmp_path: Path) -> None:
    first, second = Library(tmp_path, stamp=STAMP), Library(tmp_path, stamp=STAMP)
    first.open()
    with pytest.raises(ConfigError, match="another process"):
        second.open()
    first.close()
    first.close()
    second.open()
    second.close()


def test_readers_never_see_a_document_change_under_them(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP, dense_by="chroma")
    library.open()
    identity = put(library, "smith", 0, name="a.txt", extra="always")
    index = library.reader("smith")
    stop = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not stop.is_set():
            found = index.chunks([one.id for one in index.keyword(["alway"], 5)])
            versions = {
                one.version for one in index.chunks([s.id for s in index.dense(document(0)[2][0], 9)])
            }
            if len(found) > 1 or len(versions) > 1 or index.size() != 3:
                wrong.append((found, versions))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for seed in range(1, 25):
            assert put(library, "smith", seed, name="a.txt", extra="always") == identity
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not wrong
    assert index.documents() == {identity: 25}
    library.close()
