from __future__ import annotations

import contextlib
import random
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest

from casewright.errors import NotFound
from casewright.knowledge.doctor import examine_all, repair
from casewright.knowledge.store import Library
from casewright.knowledge.store.texts import meta
from casewright.knowledge.store.values import DenseBy
from unit.knowledge.store.making import STAMP, document, put, vectors_for

CANARY = "zanzibarquokka"


def traces(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    """Which of these bytes are in which file, as they are or deflated whole."""
    found = []
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError):  # removed meanwhile, or a folder
            continue
        for name, said in wanted.items():
            if said in content or zlib.compress(said) in content:
                found.append(f"{name} in {path.relative_to(folder)}")
    return found


def of_document(seed: int, extra: str, chunks: int = 3) -> dict[str, bytes]:
    """Everything that may not be left of a document."""
    source, made, vectors = document(seed, chunks, extra=extra, name=f"{extra}.txt")
    wanted = {
        "the text": made[0].text.encode(),
        "its end": made[-1].text.encode()[-40:],
        "the term": CANARY[:10].encode(),
        "the name": f"{extra}.txt".encode(),
        "the fingerprint": source.sha256.encode(),
        "the feature": b"i:ppr908712345",
        "utf-16": made[0].text.encode("utf-16-le")[:60],
    }
    for place, row in enumerate(vectors):
        wanted[f"vector {place}"] = row.tobytes()
        wanted[f"part of vector {place}"] = row.tobytes()[8:24]
        wanted[f"doubles of {place}"] = row.astype(np.float64).tobytes()[:32]
    return wanted


@pytest.mark.parametrize("way", ["exact", "chroma"])
def test_nothing_of_a_deleted_document_is_in_any_file(tmp_path: Path, way: DenseBy) -> None:
    extra = f"{CANARY} PPR-908712345"
    library = Library(tmp_path, stamp=STAMP, dense_by=way)
    library.open()
    for seed in range(2, 6):
        put(library, "smith", seed, chunks=40)
    gone = put(library, "smith", 1, extra=extra, name=f"{extra}.txt")
    job = library.add_job("smith", [(gone, 1, "queued")])
    library.settled()
    index = library.reader("smith")
    asked = vectors_for(3, 1)[0]
    assert index.dense(asked, 1)[0].score > 0.99
    wanted = of_document(1, extra)
    before = traces(tmp_path, wanted)
    assert any("the text" in one for one in before)
    assert any(one.startswith("vector 0") for one in before)
    if way == "chroma":
        assert any("vectors-" in one for one in before)

    certificate = library.delete_document("smith", gone)
    assert certificate.complete, certificate
    assert {store.store for store in certificate.stores} == {"catalogue", "texts", "vectors"}
    assert traces(tmp_path, wanted) == []
    library.settled()
    assert traces(tmp_path, wanted) == []
    assert index.size() == 160
    assert index.dense(asked, 1)[0].score < 0.99
    assert library.job(job.id).items[0].state == "deleted"
    with pytest.raises(NotFound):
        library.document("smith", gone)
    with pytest.raises(NotFound):
        library.delete_document("smith", gone)
    with library.writer("smith") as writer, pytest.raises(NotFound):
        writer.add(gone, 2, *document(1, extra=extra))
    library.close()
    assert traces(tmp_path, wanted) == []


@pytest.mark.parametrize("way", ["exact", "chroma"])
def test_a_replaced_version_goes_with_its_document(tmp_path: Path, way: DenseBy) -> None:
    extra = f"{CANARY} PPR-908712345"
    library = Library(tmp_path, stamp=STAMP, dense_by=way)
    library.open()
    put(library, "smith", 9, chunks=40)
    gone = put(library, "smith", 1, extra=extra, name=f"{extra}.txt")
    library.settled()
    put(library, "smith", 2, extra=extra, name=f"{extra}.txt")
    library.settled()
    assert library.delete_document("smith", gone).complete
    assert traces(tmp_path, of_document(1, extra) | of_document(2, extra)) == []
    library.close()


@pytest.mark.parametrize("way", ["exact", "chroma"])
def test_nothing_of_a_deleted_case_is_in_any_file(tmp_path: Path, way: DenseBy) -> None:
    extra = f"{CANARY} PPR-908712345"
    library = Library(tmp_path, stamp=STAMP, dense_by=way)
    library.open()
    put(library, "mrs-smith-of-leeds", 1, extra=extra, name=f"{extra}.txt")
    kept = put(library, "jones", 2)
    library.settled()
    certificate = library.delete_case("mrs-smith-of-leeds")
    assert certificate.complete
    assert certificate.case_id == "mrs-smith-of-leeds"
    wanted = of_document(1, extra) | {"the case's name": b"mrs-smith-of-leeds"}
    assert traces(tmp_path, wanted) == []
    with pytest.raises(NotFound):
        library.reader("mrs-smith-of-leeds")
    assert library.documents("jones")[0].id == kept
    assert library.erasures()[0].id == certificate.id
    assert len(list((tmp_path / "knowledge" / "cases").iterdir())) == 1
    library.close()
    library.open()
    library.close()
    assert traces(tmp_path, wanted) == []


def test_a_deletion_waits_for_who_still_reads_and_is_gone_on_with(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "smith", 2)
    gone = put(library, "smith", 1, extra=CANARY)
    index = library.reader("smith")
    with index.parts.texts.reading() as connection:
        connection.execute("SELECT count(*) FROM shown").fetchone()
        certificate = library.delete_document("smith", gone)
        pending = [store.store for store in certificate.stores if store.outcome == "pending"]
        assert pending == ["texts", "vectors"]
        assert not index.keyword([CANARY], 5)
    assert library.erasures(pending=True)[0].id == certificate.id
    (ended,) = library.retry_erasures()
    assert ended.complete
    assert traces(tmp_path, {"the term": CANARY[:10].encode()}) == []
    library.close()


def test_stores_of_others_are_noted_on_the_certificate(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    certificate = library.delete_document("smith", put(library, "smith", 1))
    noted = library.note_erasure(certificate.id, "document service", "it is not running")
    assert not noted.complete
    assert library.note_erasure(certificate.id, "document service").complete
    library.close()


def test_what_chroma_writes_later_holds_nothing_of_what_was_deleted_before(tmp_path: Path) -> None:
    # its index writes room that it has not filled, and without care that is memory of an index before
    library = Library(tmp_path, stamp=STAMP, dense_by="chroma")
    library.open()
    for seed in range(2, 6):
        put(library, "smith", seed, chunks=40)
    for seed in range(1000, 1015):
        gone = put(library, "smith", seed, chunks=30)
        library.settled()
        assert library.delete_document("smith", gone).complete
        library.settled()
        rows = vectors_for(30, seed)
        assert traces(tmp_path, {f"vector {place}": row.tobytes() for place, row in enumerate(rows)}) == []
    library.close()


def test_no_copies_of_rows_that_were_moved_are_left(tmp_path: Path) -> None:
    # SQLite leaves them in the free room of pages when it shares rows out anew, whatever secure_delete says
    chance = random.Random(2)
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "smith", 1000, 100)
    made: list[tuple[str, list[str]]] = []
    for seed in range(40):
        references = [f"PPR-{chance.randrange(10**8, 10**9)}" for _ in range(200)]
        made.append((put(library, "smith", seed, 1, extra=" ".join(references)), references))
    for gone, references in made[:3]:
        wanted = {one: one.replace("-", "").lower().encode() for one in references}
        assert traces(tmp_path, wanted)
        assert library.delete_document("smith", gone).complete
        assert traces(tmp_path, wanted) == []
    library.close()


def test_removals_without_end_leave_the_keyword_index_whole(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "smith", 2, chunks=300)
    gone = put(library, "smith", 1, extra=CANARY)
    # SQLite's index grows by two levels at each, and with more than 2,000 it would be taken for damaged
    with library.case("smith").parts.texts.writing() as connection:
        for number in range(10**6, 10**6 + 990):
            for way in ("", "'delete', "):
                columns = "keyword, rowid, terms" if way else "rowid, terms"
                connection.execute(f"INSERT INTO keyword ({columns}) VALUES ({way}?, 'few')", (number,))
            connection.execute("INSERT INTO keyword (keyword) VALUES ('optimize')")
    for seed in range(3, 16):
        assert library.delete_document("smith", put(library, "smith", seed)).complete
    assert library.reader("smith").keyword([CANARY], 5)
    assert library.delete_document("smith", gone).complete
    assert not library.reader("smith").keyword([CANARY], 5)
    assert examine_all(library) == []
    library.close()


def test_what_waits_for_a_backup_alone_leaves_the_index_as_it_is(tmp_path: Path) -> None:
    library = Library(tmp_path / "data", stamp=STAMP)
    library.open()
    gone = put(library, "smith", 1)
    file = tmp_path / "saved.tar"
    file.write_bytes(b"a backup")
    library.erased.add_backup(file)
    assert not library.delete_document("smith", gone).complete
    texts = library.case("smith").parts.texts
    with texts.reading() as connection:
        before = meta(connection)
    assert not library.retry_erasures()[0].complete
    with texts.reading() as connection:
        assert meta(connection) == before
    file.unlink()
    assert library.retry_erasures()[0].complete
    library.close()


def test_where_an_older_version_removed_something_the_doctor_says_so(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP)
    library.open()
    put(library, "jones", 3)
    library.delete_document("smith", put(library, "smith", 1))
    paths = [library.case(name).parts.texts.path for name in ("jones", "smith")]
    library.close()
    for path in paths:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 1")
    library.open()
    (found,) = examine_all(library)
    assert (found.case_id, found.what) == ("smith", "deleted text may still be in the files")
    assert repair(library, "smith") == []
    library.close()
