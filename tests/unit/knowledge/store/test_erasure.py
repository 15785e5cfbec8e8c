from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from casewright.errors import NotFound
from casewright.knowledge.store import Library
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
