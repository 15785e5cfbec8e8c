"""Documents cut to what the model reads, and the measurement as a whole with the real model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.knowledge.beir import Collection, Document, Query
from casewright.knowledge.embed_onnx import OnnxModel
from casewright.knowledge.evaluate_retrieval import OVERLAP, MeasureConfig, measure, passages_of, windows
from casewright.knowledge.models import find_model
from casewright.knowledge.ports import Vectors


class Letters:
    """``ports.Tokens`` with a token a character."""

    def spans(self, text: str) -> Sequence[tuple[int, int]]:
        return [(place, place + 1) for place in range(len(text))]


class RealEmbedder:
    """``ports.Embedder`` in this process."""

    def __init__(self) -> None:
        model = find_model("minilm")
        self.stamp = model.stamp
        self.max_tokens = model.max_tokens
        self._model = OnnxModel(model, threads=1)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return self._model.embed(texts)


@given(st.integers(0, 2_000), st.integers(2, 300))
def test_windows_cover_the_text_within_bounds_and_are_alike(length: int, room: int) -> None:
    found = windows("x" * length, Letters(), room)
    assert bool(found) == bool(length)
    if not found:
        return
    assert (found[0][0], found[-1][1]) == (0, length)
    assert all(0 < count == end - start <= room for start, end, count in found)
    shared = min(OVERLAP, room // 2)
    assert all(left[1] - right[0] == shared for left, right in itertools.pairwise(found))
    assert max(count for *_, count in found) - min(count for *_, count in found) <= 1


def test_a_title_stands_over_every_window_and_alone_it_is_the_text() -> None:
    long = Document("a", "On rent", "word " * 300)
    found = passages_of([long, Document("b", "Only a title", " "), Document("c", "", "")], Letters(), 256)
    assert {passage.document for passage in found} == {"a", "b"}
    assert all(passage.chunk.heading_path == ("On rent",) for passage in found if passage.document == "a")
    assert [passage.chunk.text for passage in found if passage.document == "b"] == ["Only a title"]
    assert [passage.id for passage in found] == list(range(len(found)))
    assert all(long.text[p.chunk.start : p.chunk.end] == p.chunk.text for p in found if p.document == "a")


def collection() -> Collection:
    texts = {
        "rent": "The rent of the flat is overdue by two months.",
        "heat": "The boiler is broken and the flat is cold. " * 60 + "The engineer came on 4 May.",
        "job": "She lost her job when she told them of her pregnancy.",
        "empty": "",
    }
    queries = {
        "q1": ("is anything owed to the landlord?", {"rent": 1, "elsewhere": 1}),
        "q2": ("no heating", {"heat": 2}),
        "q3": ("when did the engineer come", {"heat": 1}),
        "q4": ("not judged", {}),
    }
    return Collection(
        tuple(Document(key, "", text) for key, text in texts.items()),
        tuple(Query(key, text) for key, (text, _) in queries.items()),
        {key: found for key, (_, found) in queries.items() if found} | {"lost": {"rent": 1}},
        5,
    )


async def test_a_measurement() -> None:
    told: list[tuple[str, int, int]] = []
    embedder = RealEmbedder()
    result = await measure(
        collection(),
        embedder,
        find_model("minilm").tokens(),
        config=MeasureConfig(ks=(1, 5), resamples=200),
        paths=("c", "q", "r"),
        progress=lambda *step: told.append(step),
    )
    counts = result.counts
    assert (counts.documents, counts.empty_documents, counts.long_documents) == (4, 1, 1)
    assert (counts.queries, counts.judged, counts.without_judgements) == (4, 3, 1)
    assert (counts.judgements_without_query, counts.judgements_without_document) == (1, 1)
    assert list(result.modes) == ["bm25", "dense", "hybrid"]
    hybrid = result.modes["hybrid"].measures
    assert list(hybrid) == ["recall@1", "recall@5", "ndcg@1", "ndcg@5", "mrr"]
    # all that is there is found first; one of four relevant documents is not in the corpus
    assert hybrid["mrr"].value == 1
    assert hybrid["recall@5"].value == pytest.approx((0.5 + 1 + 1) / 3)
    assert [(one.mode, one.over) for one in result.advantages] == [("hybrid", "bm25"), ("hybrid", "dense")]
    assert result.options.embedding == embedder.stamp.model
    assert {what for what, *_ in told} >= {"embedding passages", "embedding queries", "searching (hybrid)"}


async def test_nothing_judged_is_not_measured() -> None:
    whole = collection()
    bare = Collection(whole.documents, whole.queries, {}, 1)
    result = await measure(
        bare,
        RealEmbedder(),
        find_model("minilm").tokens(),
        config=MeasureConfig(),
        paths=("c", "q", "r"),
        progress=lambda *_: None,
    )
    assert result.counts.judged == 0
    assert all(one.value is None for mode in result.modes.values() for one in mode.measures.values())
