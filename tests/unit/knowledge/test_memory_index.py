"""The index in memory against SQLite's own BM25, and its ties and bounds."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.features import features_asked
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.memory_index import MemoryIndex
from casewright.knowledge.records import Chunk, StoredChunk


def index_of(texts: list[str], vectors: list[list[float]] | None = None) -> MemoryIndex:
    chunks = [
        StoredChunk(number, "d", 1, "d.txt", Chunk(number, 1, 0, len(text), text, 1))
        for number, text in enumerate(texts, 1)
    ]
    rows = np.array(vectors or [[1.0, 0.0]] * len(texts), dtype=np.float32).reshape(len(texts), 2)
    return MemoryIndex(chunks, rows)


WORDS = st.lists(st.sampled_from(["rent", "council", "boiler", "letter", "landlord"]), min_size=1, max_size=9)


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_scores_are_those_of_fts5(texts: list[list[str]], asked: list[str]) -> None:
    terms = Lexicon().asked(" ".join(asked))
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE keyword USING fts5(terms)")
    for number, text in enumerate(texts, 1):
        row = (number, " ".join(Lexicon().terms(" ".join(text))))
        database.execute("INSERT INTO keyword(rowid, terms) VALUES (?, ?)", row)
    rows = database.execute(
        "SELECT rowid, -bm25(keyword) FROM keyword WHERE keyword MATCH ?",
        (" OR ".join(f'"{term}"' for term in terms),),
    )
    expected = dict(rows.fetchall())
    database.close()
    found = index_of([" ".join(text) for text in texts]).keyword(terms, 100)
    assert {one.id: pytest.approx(one.score, rel=1e-3, abs=1e-7) for one in found} == expected


def test_the_best_come_first_and_equal_ones_in_their_order() -> None:
    index = index_of(["a", "b", "c", "d"], [[0, 1], [1, 0], [0, 1], [0.6, 0.8]])
    found = index.dense(np.array([0, 1], dtype=np.float32), 3)
    assert [one.id for one in found] == [1, 3, 4]
    assert [one.score for one in found] == pytest.approx([1, 1, 0.8])


def test_a_rarer_feature_counts_more() -> None:
    index = index_of(["£450 on 12.03.2024", "£450", "£450", "nothing"])
    first, *rest = index.exact(features_asked("450 pounds on 12 March 2024"), 10)
    assert first.id == 1
    assert first.score > 2 * rest[0].score
    assert {one.id for one in rest} == {2, 3}


def test_chunks_come_as_asked_for_without_those_that_are_not_there() -> None:
    index = index_of(["a", "b"])
    assert [chunk.id for chunk in index.chunks([2, 9, 1])] == [2, 1]
    assert index.size() == 2


def test_nothing_is_found_in_nothing() -> None:
    index = index_of([])
    assert index.keyword(["rent"], 5) == index.exact(["i:x1"], 5) == []
    assert index.dense(np.array([0, 1], dtype=np.float32), 5) == []


def test_each_chunk_has_a_vector() -> None:
    with pytest.raises(ValueError, match="0 chunks and 1 vectors"):
        MemoryIndex([], np.zeros((1, 2), dtype=np.float32))
