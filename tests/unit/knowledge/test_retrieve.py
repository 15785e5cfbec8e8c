"""Search as chat and people use it, with the real model over an index in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from casewright.errors import UnprocessableRequest
from casewright.knowledge.embed_onnx import OnnxModel
from casewright.knowledge.memory_index import MemoryIndex
from casewright.knowledge.models import find_model
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, Hit, Stamp, StoredChunk
from casewright.knowledge.retrieve import MODES, Retriever, RetrieverConfig, same_words

TEXTS = [
    "The council refused the application because the savings were above the limit.",
    "Your claim PPR-9087 was received on 12 March 2024.",
    "Your claim PPR-9078 was received on 3 April 2024.",
    "The boiler has been broken since the autumn and the flat is cold and damp.",
    "Rent of £450.00 is due on the first of each month.",
    "Rent of £540.00 is due on the first of each month.",
    "She was dismissed without notice after she told them that she was expecting a baby.",
    "The landlord asked for two months' rent in advance.",
    "the  boiler has been BROKEN since the autumn\nand the flat is cold and damp.",
]


class RealEmbedder:
    """``ports.Embedder`` in this process: the texts here are few."""

    def __init__(self) -> None:
        model = find_model("minilm")
        self.stamp: Stamp = model.stamp
        self.max_tokens = model.max_tokens
        self.asked = 0
        self._model = OnnxModel(model, threads=1)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += len(texts)
        return self._model.embed(texts)


@pytest.fixture(scope="module")
def embedder() -> RealEmbedder:
    return RealEmbedder()


@pytest.fixture(scope="module")
def index(embedder: RealEmbedder) -> MemoryIndex:
    chunks = [
        StoredChunk(number, f"d{number}", 1, f"{number}.txt", Chunk(0, 1, 0, len(text), text, 20))
        for number, text in enumerate(TEXTS, 10)
    ]
    return MemoryIndex(chunks, embedder._model.embed(TEXTS))


def texts_of(hits: Sequence[Hit]) -> list[str]:
    return [hit.found.chunk.text for hit in hits]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("ppr 9087", TEXTS[1]),
        ("What happened to claim PPR9078?", TEXTS[2]),
        ("who must pay 540 pounds?", TEXTS[5]),
        ("what came on 12/03/2024", TEXTS[1]),
        ("no heating at home", TEXTS[3]),
        ("fired for being pregnant", TEXTS[6]),
        ("why was it turned down", TEXTS[0]),
    ],
)
async def test_words_meaning_and_references_find(
    embedder: RealEmbedder, index: MemoryIndex, query: str, text: str
) -> None:
    hits = await Retriever(embedder).search(index, query, 3)
    assert hits[0].found.chunk.text == text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_parts_say_what_each_way_gave(embedder: RealEmbedder, index: MemoryIndex) -> None:
    first = (await Retriever(embedder).search(index, "claim ppr 9087 of 12.03.2024", 1))[0]
    assert set(first.parts) == {"bm25", "dense", "references", "figures"}
    for mode in ("bm25", "dense"):
        hits = await Retriever(embedder).search(index, "claim ppr 9087", 5, mode=mode)
        assert {name for hit in hits for name in hit.parts} == {mode}


async def test_the_same_words_come_once(embedder: RealEmbedder, index: MemoryIndex) -> None:
    found = texts_of(await Retriever(embedder).search(index, "broken boiler", 9))
    assert len({same_words(text) for text in found}) == len(found) == len(TEXTS) - 1
    twice = Retriever(embedder, RetrieverConfig(deduplicate=False))
    assert len(await twice.search(index, "broken boiler", 9)) == len(TEXTS)


async def test_words_alone_embed_nothing(embedder: RealEmbedder, index: MemoryIndex) -> None:
    before = embedder.asked
    assert await Retriever(embedder).search(index, "landlord", 3, mode="bm25")
    assert await Retriever(embedder).search(index, "what is it?", 3, mode="bm25") == []
    assert embedder.asked == before


async def test_an_empty_index_has_nothing(embedder: RealEmbedder) -> None:
    empty = MemoryIndex([], np.zeros((0, embedder.stamp.dimensions), dtype=np.float32))
    for mode in MODES:
        assert await Retriever(embedder).search(empty, "claim PPR-9087 of £450", 3, mode=mode) == []


async def test_the_limit_holds_beyond_the_pool(embedder: RealEmbedder, index: MemoryIndex) -> None:
    retriever = Retriever(embedder, RetrieverConfig(pool=2))
    assert len(await retriever.search(index, "rent", 4)) == 4
    assert len(await retriever.search(index, "rent", 1)) == 1


@pytest.mark.parametrize(("query", "limit"), [("", 3), (" \n", 3), ("rent", 0), ("rent", -1)])
async def test_nothing_asked_is_an_error(
    embedder: RealEmbedder, index: MemoryIndex, query: str, limit: int
) -> None:
    with pytest.raises(UnprocessableRequest) as caught:
        await Retriever(embedder).search(index, query, limit)
    assert caught.value.hint


class ShortestFirst:
    """A reranker with an opinion of its own."""

    async def rerank(self, query: str, hits: Sequence[Hit]) -> list[float]:
        return [-float(len(hit.found.chunk.text)) for hit in hits]


async def test_a_reranker_orders_what_it_was_shown(embedder: RealEmbedder, index: MemoryIndex) -> None:
    plain = await Retriever(embedder).search(index, "rent", 5)
    retriever = Retriever(embedder, RetrieverConfig(rerank=3), reranker=ShortestFirst())
    hits = await retriever.search(index, "rent", 5)
    assert texts_of(hits[:3]) == sorted(texts_of(plain[:3]), key=len)
    assert texts_of(hits[3:]) == texts_of(plain[3:])
    assert "rerank" in hits[0].parts


class Shrinking(MemoryIndex):
    """A real index whose first chunk is gone between being found and being read."""

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        return super().chunks([chunk for chunk in ids if chunk != 11])


async def test_a_chunk_that_is_gone_is_left_out(embedder: RealEmbedder) -> None:
    chunks = [
        StoredChunk(number, "d", 1, "d.txt", Chunk(number, 1, 0, len(text), text, 20))
        for number, text in enumerate(TEXTS, 10)
    ]
    shrinking = Shrinking(chunks, await embedder.embed(TEXTS))
    hits = await Retriever(embedder).search(shrinking, "PPR-9087", 4)
    assert len(hits) == 4
    assert 11 not in {hit.found.id for hit in hits}


def test_the_defaults_weigh_words_and_meaning_to_one() -> None:
    config = RetrieverConfig()
    assert config.bm25_weight + config.dense_weight == pytest.approx(1)
    assert dataclasses.replace(config, pool=5).pool == 5
