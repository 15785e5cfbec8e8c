"""Measures search on a test collection: the product's own retriever over an index in memory."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from casewright import __version__
from casewright.api.retrieval_evaluation import (
    Advantage,
    Estimate,
    ModeScores,
    RetrievalCounts,
    RetrievalEvaluation,
    RetrievalOptions,
    SearchMode,
)
from casewright.knowledge.beir import Collection, Document
from casewright.knowledge.memory_index import MemoryIndex
from casewright.knowledge.ports import Embedder, SearchIndex, Tokens, Vectors
from casewright.knowledge.ranking_scores import Values, estimates, names, scores
from casewright.knowledge.records import Chunk, Hit, StoredChunk
from casewright.knowledge.retrieve import MODES, Retriever, RetrieverConfig

OVERLAP = 32
# The tokens that a model puts around a text.
_AROUND = 2
_SLICE = 64

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """``ks`` are the depths of recall and nDCG; of a ranking the first ``depth`` passages are looked at."""

    ks: tuple[int, ...] = (1, 3, 5, 10)
    depth: int = 100
    resamples: int = 2_000
    seed: int = 20_260_101
    retriever: RetrieverConfig = field(default_factory=RetrieverConfig)


class _Embedded:
    """``ports.Embedder`` of texts that have been embedded before, all at once."""

    def __init__(self, embedder: Embedder, texts: Sequence[str], vectors: Vectors) -> None:
        self.stamp = embedder.stamp
        self.max_tokens = embedder.max_tokens
        self._known = dict(zip(texts, vectors, strict=True))

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._known[text] for text in texts])


async def measure(
    collection: Collection,
    embedder: Embedder,
    tokens: Tokens,
    *,
    config: MeasureConfig,
    paths: tuple[str, str, str],
    progress: Progress,
) -> RetrievalEvaluation:
    """Embed the collection, ask every judged query in every mode, and score what comes.

    ``paths`` are the three files as the user named them. ``progress`` hears what is done, and how far.
    """
    began = time.monotonic()
    progress("cutting documents", 0, 0)
    passages = await asyncio.to_thread(passages_of, collection.documents, tokens, embedder.max_tokens)
    asked = list(dict.fromkeys(query.text for query in collection.judged))
    vectors = await _embed(embedder, [embedded_text(passage) for passage in passages], "passages", progress)
    known = _Embedded(embedder, asked, await _embed(embedder, asked, "queries", progress))
    embedded = time.monotonic()
    progress("indexing", 0, 0)
    asking = _Asking(
        retriever=Retriever(known, replace(config.retriever, deduplicate=False)),
        index=await asyncio.to_thread(MemoryIndex, passages, vectors),
        collection=collection,
        config=config,
        progress=progress,
    )
    found: dict[SearchMode, ModeScores] = {}
    values: dict[SearchMode, Values] = {}
    for mode in MODES:
        found[mode], values[mode] = await asking.all_of(mode)
    corpus, questions, qrels = paths
    return RetrievalEvaluation(
        version=__version__,
        corpus=corpus,
        queries=questions,
        qrels=qrels,
        options=_options(config, embedder),
        counts=_counts(collection, passages),
        modes=found,
        advantages=tuple(
            Advantage(mode="hybrid", over=mode, measures=_named(values["hybrid"] - values[mode], config))
            for mode in MODES
            if mode != "hybrid"
        ),
        embedding_seconds=embedded - began,
        seconds=time.monotonic() - began,
    )


@dataclass(frozen=True, slots=True)
class _Asking:
    """What the judged queries are asked of."""

    retriever: Retriever
    index: SearchIndex
    collection: Collection
    config: MeasureConfig
    progress: Progress

    async def all_of(self, mode: SearchMode) -> tuple[ModeScores, Values]:
        """Every judged query in one mode: the means, and a row of measures a query."""
        began = time.monotonic()
        queries = self.collection.judged
        rows: list[list[float]] = []
        unanswered = 0
        for done, query in enumerate(queries):
            self.progress(f"searching ({mode})", done, len(queries))
            ranking = documents_of(await self._found(query.text, mode))
            unanswered += not ranking
            rows.append(scores(ranking, self.collection.relevant[query.id], self.config.ks))
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(names(self.config.ks)))
        measures = _named(values, self.config)
        seconds = time.monotonic() - began
        return ModeScores(measures=measures, unanswered=unanswered, search_seconds=seconds), values

    async def _found(self, query: str, mode: SearchMode) -> list[Hit]:
        if not query.strip():
            return []
        return await self.retriever.search(self.index, query, self.config.depth, mode=mode)


def documents_of(hits: Sequence[Hit]) -> list[str]:
    """The documents of hits, each at the place of its best passage."""
    return list(dict.fromkeys(hit.found.document for hit in hits))


def passages_of(documents: Sequence[Document], tokens: Tokens, max_tokens: int) -> list[StoredChunk]:
    """The documents' windows of what the model reads, each with its document's title over it.

    A document without any text has none.
    """
    found: list[StoredChunk] = []
    for document in documents:
        text = document.text if document.text.strip() else document.title
        title = document.title.strip() if document.text.strip() else ""
        # a title is for orientation: a long one may take a quarter of the window
        room = max_tokens - _AROUND - min(len(tokens.spans(title)) if title else 0, max_tokens // 4)
        for ordinal, (start, end, count) in enumerate(windows(text, tokens, room)):
            chunk = Chunk(ordinal, 1, start, end, text[start:end], count, (title,) if title else ())
            found.append(StoredChunk(len(found), document.id, 1, document.title, chunk))
    return found


def windows(text: str, tokens: Tokens, room: int) -> list[tuple[int, int, int]]:
    """Start, end and tokens of stretches of at most ``room`` tokens; neighbours share ``OVERLAP`` tokens.

    They are as few as can be and equally long: a short rest at the end would be found for its shortness.
    """
    spans = tokens.spans(text)
    shared = min(OVERLAP, room // 2) if len(spans) > room else 0
    new = len(spans) - shared
    parts = math.ceil(new / (room - shared))
    bounds = [(part * new // parts, (part + 1) * new // parts + shared) for part in range(parts)]
    return [(spans[first][0], spans[last - 1][1], last - first) for first, last in bounds]


def embedded_text(passage: StoredChunk) -> str:
    """As a case's chunks are embedded: what it stands under, on a line of its own, and then its words."""
    return "\n".join((*passage.chunk.heading_path, passage.chunk.text))


async def _embed(embedder: Embedder, texts: Sequence[str], what: str, progress: Progress) -> Vectors:
    rows = [np.zeros((0, embedder.stamp.dimensions), dtype=np.float32)]
    for first in range(0, len(texts), _SLICE):
        progress(f"embedding {what}", first, len(texts))
        rows.append(await embedder.embed(texts[first : first + _SLICE]))
    progress(f"embedding {what}", len(texts), len(texts))
    return np.concatenate(rows)


def _named(values: Values, config: MeasureConfig) -> dict[str, Estimate]:
    return dict(zip(names(config.ks), estimates(values, config.resamples, config.seed), strict=True))


def _options(config: MeasureConfig, embedder: Embedder) -> RetrievalOptions:
    return RetrievalOptions(
        embedding=embedder.stamp.model,
        embedding_version=embedder.stamp.version,
        ks=config.ks,
        depth=config.depth,
        passage_tokens=embedder.max_tokens,
        overlap_tokens=OVERLAP,
        bm25_weight=config.retriever.bm25_weight,
        dense_weight=config.retriever.dense_weight,
        resamples=config.resamples,
        seed=config.seed,
    )


def _counts(collection: Collection, passages: Sequence[StoredChunk]) -> RetrievalCounts:
    queries = {query.id for query in collection.queries}
    documents = {document.id for document in collection.documents}
    judged = len(collection.judged)
    return RetrievalCounts(
        documents=len(documents),
        empty_documents=len(documents) - len({passage.document for passage in passages}),
        passages=len(passages),
        long_documents=len({passage.document for passage in passages if passage.chunk.ordinal}),
        queries=len(queries),
        judged=judged,
        without_judgements=len(queries) - judged,
        judgements=collection.judgements,
        judgements_without_query=sum(
            len(found) for query, found in collection.relevant.items() if query not in queries
        ),
        judgements_without_document=sum(
            document not in documents
            for query in collection.judged
            for document in collection.relevant[query.id]
        ),
    )
