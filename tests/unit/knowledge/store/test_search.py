from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from casewright.errors import ConfigError, NotFound
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.records import Stamp
from casewright.knowledge.store import Library
from casewright.knowledge.store.keyword import Frequencies, by_words, expression_of
from casewright.knowledge.store.values import DenseBy
from unit.knowledge.store.making import DIMENSIONS, STAMP, document, put, vectors_for, write


@pytest.fixture(params=["exact", "chroma"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """Both ways of comparing vectors give the same."""
    way: DenseBy = request.param
    made = Library(tmp_path, stamp=STAMP, dense_by=way)
    made.open()
    yield made
    made.close()


def test_what_is_added_is_found_only_once_it_is_published(library: Library) -> None:
    library.create_case("smith")
    source, chunks, vectors = document(1, extra="PPR-9087 and £450.50")
    index = library.reader("smith")
    with library.writer("smith") as writer:
        writer.add("d1", 1, source, chunks, vectors)
        assert index.size() == 0
        assert not index.dense(vectors[0], 5)
        assert not index.keyword(["ppr"], 5)
        assert not index.exact(["i:ppr9087"], 5)
        writer.publish("d1", 1)
    library.settled()
    assert index.size() == 3
    best = index.dense(vectors[0], 1)[0]
    assert best.score == pytest.approx(1.0, abs=1e-4)
    (found,) = index.chunks([best.id])
    assert (found.document, found.version, found.name) == ("d1", 1, source.name)
    assert found.chunk == chunks[0]
    assert [one.id for one in index.keyword(["ppr"], 5)] == [best.id]
    assert [one.id for one in index.exact(["i:ppr9087", "n:450.5"], 5)] == [best.id]


def test_dense_search_is_exact_over_what_is_published(library: Library) -> None:
    for seed in range(1, 9):
        put(library, "smith", seed, chunks=20)
        if seed == 4:
            library.settled()
    index = library.reader("smith")
    vectors = np.concatenate([vectors_for(20, seed) for seed in range(1, 9)])
    for settled in (False, True):
        if settled:
            library.settled()
        for asked in vectors_for(10, 99):
            found = index.dense(asked, 10)
            best = np.sort(vectors @ asked)[::-1][:10]
            assert np.allclose([one.score for one in found], best, atol=1e-4)


def test_a_new_version_replaces_the_old_and_an_older_one_does_not(library: Library) -> None:
    identity = put(library, "smith", 1, name="letter.txt", extra="oldword")
    library.settled()
    assert put(library, "smith", 2, name="letter.txt", extra="newword") == identity
    index = library.reader("smith")
    assert index.documents() == {identity: 2}
    assert not index.keyword(["oldword"], 5)
    assert len(index.keyword(["newword"], 5)) == 1
    assert len(index.dense(vectors_for(3, 1)[0], 10)) == 3
    with library.writer("smith") as writer:
        write(writer, identity, 1, 1)
    assert index.documents() == {identity: 2}
    record = library.document("smith", identity)
    assert (record.newest, record.version, record.state) == (2, 2, "ready")


def test_publishing_and_adding_can_be_repeated(library: Library) -> None:
    library.create_case("smith")
    with library.writer("smith") as writer:
        source, chunks, vectors = document(1)
        writer.add("d1", 1, source, chunks, vectors)
        writer.add("d1", 1, source, chunks, vectors)
        writer.publish("d1", 1)
        writer.publish("d1", 1)
        write(writer, "d1", 1, 1)
        with pytest.raises(NotFound):
            writer.publish("d1", 2)
    assert library.reader("smith").size() == 3


def test_one_case_never_finds_anothers(library: Library) -> None:
    for seed, case in enumerate(("smith", "jones", "../jones", "a/b\x00c", "ünï \u202e code")):
        put(library, case, seed + 1, extra=f"canary{seed}")
    library.settled()
    names = {one.id for one in library.cases()}
    for seed, case in enumerate(sorted(names, key=[c.id for c in library.cases()].index)):
        index = library.reader(case)
        assert index.size() == 3
        for other in range(5):
            assert bool(index.keyword([f"canary{other}", "canari" + str(other)], 5)) is False or other == seed
        mine = index.dense(vectors_for(3, seed + 1)[0], 50)
        assert len(mine) == 3
    folders = {path.name for path in (library.folder / "cases").iterdir()}
    assert len(folders) == 5
    assert not any("jones" in name for name in folders)
    for guessed in ("smit", "SMITH", "smith ", *folders, "%", "*"):
        with pytest.raises(NotFound):
            library.reader(guessed)
    identity = library.documents("smith")[0].id
    with pytest.raises(NotFound):
        library.document("jones", identity)
    with pytest.raises(NotFound):
        library.delete_document("jones", identity)


def test_the_same_bytes_are_the_same_document(library: Library) -> None:
    first = put(library, "smith", 1, name="a.txt")
    said = document(1)[0]
    again = library.register("smith", name="b.txt", media_type="text/plain", sha256=said.sha256, size=5)
    assert (again.fresh, again.document.id) == (False, first)
    other = library.create_case("jones")
    assert library.register(other.id, name="a.txt", media_type="text/plain", sha256=said.sha256, size=5).fresh


def test_words_that_would_break_a_query_are_looked_for_as_words(library: Library) -> None:
    put(library, "smith", 1, extra="plain")
    index = library.reader("smith")
    for words in (['"', "'"], ["NEAR(", "AND", "*"], ["col:plain"], [""], [], ["x" * 5000], ["\x00"], ["²"]):
        index.keyword(words, 10)
    assert len(index.keyword(['pl"ain', "plain"], 10)) == 1
    assert index.keyword(["plain"], 0) == []
    assert index.exact(["i:' OR 1=1"], 5) == []


def test_half_characters_keep_the_spans(library: Library) -> None:
    library.create_case("smith")
    source, chunks, vectors = document(1, extra="before \ud83d after")
    with library.writer("smith") as writer:
        writer.add("d1", 1, source, chunks, vectors)
        writer.publish("d1", 1)
    found = library.reader("smith").chunks([1])[0].chunk
    version, read = library.source("smith", "d1")
    assert version == 1
    assert read.markdown[found.start : found.end] == found.text
    assert read.pages == source.pages


def test_another_embedding_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with_first = Library(tmp_path, stamp=STAMP)
    with_first.open()
    put(with_first, "smith", 1)
    with_first.close()
    library = Library(tmp_path, stamp=Stamp("other", "b" * 64, DIMENSIONS))
    library.open()
    index = library.reader("smith")
    with pytest.raises(ConfigError, match="reindex"):
        index.dense(vectors_for(1, 1)[0], 5)
    with library.writer("smith") as writer, pytest.raises(ConfigError, match="reindex"):
        write(writer, "d2", 1, 2)
    assert index.size() == 3
    with library.rebuild("smith") as made:
        for identity, version, _ in index.sources():
            write(made.writer, identity, version, 5)
        made.swap()
    fresh = library.reader("smith")
    assert fresh.dense(vectors_for(3, 5)[0], 1)[0].score == pytest.approx(1.0, abs=1e-4)
    assert len(list((library.folder / "cases").glob("*/*"))) == 1
    library.close()


def test_common_words_only_add_to_the_scores_of_chunks_with_rarer_ones() -> None:
    assert expression_of({"rent": 5, "tenant": 7}, 100, candidates=20) == '"rent" OR "tenant"'
    assert expression_of({"rent": 5, "tenant": 90}, 100, candidates=20) == '("rent") AND ("_" OR "tenant")'
    assert expression_of({"a": 60, "b": 70, "c": 80}, 100, candidates=45) == '"a" AND "b" AND ("_" OR "c")'
    assert expression_of({}, 100) == ""


def test_the_best_are_the_same_with_candidates_as_without(tmp_path: Path) -> None:
    library = Library(tmp_path, stamp=STAMP, dense_by="exact")
    library.open()
    library.create_case("smith")
    rng = np.random.default_rng(3)
    words = [f"{a}{b}{c}" for a in "bcdf" for b in "aeiou" for c in "lmnrst"]
    shares = 1 / np.arange(1, len(words) + 1)
    with library.writer("smith") as writer:
        for seed in range(20):
            source, chunks, vectors = document(seed, chunks=50)
            said = [" ".join(rng.choice(words, 30, p=shares / shares.sum())) for _ in chunks]
            made = [
                type(chunk)(chunk.ordinal, 1, 0, len(text), text, 30)
                for chunk, text in zip(chunks, said, strict=True)
            ]
            writer.add(f"d{seed}", 1, source, made, vectors)
            writer.publish(f"d{seed}", 1)
    asked = Lexicon().asked(f"{words[2]} {words[10]} {words[60]} {words[90]}")
    with library.reader("smith").parts.texts.reading() as connection:
        whole = by_words(connection, Frequencies(), asked, 10, 1000)
        counts = {term: Frequencies().of(connection, term) for term in asked}
        query = expression_of(counts, 1000, candidates=200)
        assert " AND " in query
        few = connection.execute(
            "SELECT rowid FROM keyword WHERE keyword MATCH ? ORDER BY rank, rowid LIMIT 10", (query,)
        ).fetchall()
    assert len({one.id for one in whole} & {row[0] for row in few}) >= 9
    library.close()
