"""Search in one case: by words, by meaning and by exact features, fused. Chat and search go this one way."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal, ParamSpec, Protocol, TypeVar, get_args

from casewright.errors import UnprocessableRequest
from casewright.knowledge.features import features_asked, is_figure, names_one_thing
from casewright.knowledge.fuse import Fused, Way, fuse
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.ports import Embedder, SearchIndex, Vectors
from casewright.knowledge.records import Hit

P = ParamSpec("P")
T = TypeVar("T")
Mode = Literal["bm25", "dense", "hybrid"]
# FTS5's: a term adds at most this and one times its inverse document frequency.
_K1 = 1.2
MODES: tuple[Mode, ...] = get_args(Mode)


class Reranker(Protocol):
    """Looks again at the first hits of a search, with the texts before it."""

    async def rerank(self, query: str, hits: Sequence[Hit]) -> list[float]:
        """A score a hit, higher is better."""
        ...


@dataclass(frozen=True, slots=True)
class RetrieverConfig:
    """``pool`` chunks are taken of each way. What each weight earned is in docs/retrieval.md.

    ``reference_weight`` is for references (PPR-9087), postcodes, telephone numbers and e-mail addresses that
    the query names: as much as all words and meaning, where few chunks have it. ``figure_weight`` is for
    amounts and dates. The first ``rerank`` hits are shown to the reranker, if there is one.

    A search by words is believed in full from ``bm25_good`` of the most that its words could score, one by
    meaning from a cosine of ``dense_good``; what finds less counts for less.
    """

    pool: int = 100
    bm25_weight: float = 0.35
    dense_weight: float = 0.65
    reference_weight: float = 1.0
    figure_weight: float = 0.4
    bm25_good: float = 0.25
    dense_good: float = 0.55
    deduplicate: bool = True
    rerank: int = 20


class Retriever:
    """Searches any case's index. Used from one event loop; the index is called in ``executor``'s threads."""

    def __init__(
        self,
        embedder: Embedder,
        config: RetrieverConfig | None = None,
        *,
        reranker: Reranker | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._embedder = embedder
        self._config = config or RetrieverConfig()
        self._reranker = reranker
        self._executor = executor
        self._lexicon = Lexicon()

    async def search(self, index: SearchIndex, query: str, limit: int, *, mode: Mode = "hybrid") -> list[Hit]:
        """At most ``limit`` chunks, best first; of chunks with the same words only the first.

        Raises:
            UnprocessableRequest: the query is empty, or ``limit`` is not positive.
            EmbeddingError: the query cannot be embedded (not with ``bm25``, which embeds nothing).
        """
        if not query.strip():
            raise UnprocessableRequest("the query is empty", hint="ask for something")
        if limit < 1:
            raise UnprocessableRequest(f"the limit is {limit}", hint="ask for at least 1")
        fused = fuse(await self._ways(index, query, max(limit, self._config.pool), mode))
        hits = await self._in_thread(self._hits, index, fused, max(limit, self._reads()))
        if self._reranker is not None and hits:
            hits = await self._reranked(query, hits)
        return hits[:limit]

    def _reads(self) -> int:
        return self._config.rerank if self._reranker is not None else 0

    async def _ways(self, index: SearchIndex, query: str, pool: int, mode: Mode) -> list[Way]:
        config = self._config
        if mode == "dense":
            return [await self._dense(index, query, pool)]
        keyword = self._in_thread(_keyword, index, self._lexicon.asked(query), config, pool)
        if mode == "bm25":
            return [await keyword]
        exact = [self._in_thread(_exact, index, *asked, pool) for asked in _asked(query, config) if asked[1]]
        return list(await asyncio.gather(keyword, self._dense(index, query, pool), *exact))

    async def _dense(self, index: SearchIndex, query: str, pool: int) -> Way:
        vector: Vectors = (await self._embedder.embed([query]))[0]
        found = await self._in_thread(index.dense, vector, pool)
        config = self._config
        return Way("dense", config.dense_weight, found, config.dense_good, partial=len(found) >= pool)

    def _hits(self, index: SearchIndex, fused: Sequence[Fused], limit: int) -> list[Hit]:
        """The first ``limit`` chunks that are still there, in slices, as some may be doubles."""
        hits: list[Hit] = []
        seen: set[str] = set()
        by_id = {one.id: one for one in fused}
        order = [one.id for one in fused]
        for at in range(0, len(order), limit):
            for found in index.chunks(order[at : at + limit]):
                words = same_words(found.chunk.text)
                if self._config.deduplicate and words in seen:
                    continue
                seen.add(words)
                one = by_id[found.id]
                hits.append(Hit(found=found, score=one.score, parts=one.parts))
                if len(hits) == limit:
                    return hits
        return hits

    async def _reranked(self, query: str, hits: list[Hit]) -> list[Hit]:
        assert self._reranker is not None
        first, rest = hits[: self._config.rerank], hits[self._config.rerank :]
        scores = await self._reranker.rerank(query, first)
        again = [
            Hit(found=hit.found, score=hit.score, parts={**hit.parts, "rerank": score})
            for hit, score in zip(first, scores, strict=True)
        ]
        return sorted(again, key=lambda hit: -hit.parts["rerank"]) + rest

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)


def _keyword(index: SearchIndex, terms: Sequence[str], config: RetrieverConfig, pool: int) -> Way:
    found = index.keyword(terms, pool) if terms else []
    # every term often in a short chunk, and in no other chunk
    most = len(terms) * (_K1 + 1) * math.log(index.size() + 1)
    return Way("bm25", config.bm25_weight, found, config.bm25_good * most)


def _exact(index: SearchIndex, name: str, features: Sequence[str], weight: float, pool: int) -> Way:
    """Exact features; what nearly every chunk has tells little, and weighs accordingly."""
    found = index.exact(features, pool)
    size = index.size()
    rarity = 1 - math.log(len(found)) / math.log(size) if found and size > 1 else 0.0
    return Way(name, weight * rarity, found)


def _asked(query: str, config: RetrieverConfig) -> tuple[tuple[str, list[str], float], ...]:
    """The features a query names: those that name one thing, and figures. "mp3" and the like are words."""
    features = features_asked(query)
    references = [key for key in features if names_one_thing(key)]
    figures = [key for key in features if is_figure(key)]
    return (
        ("references", references, config.reference_weight),
        ("figures", figures, config.figure_weight),
    )


def same_words(text: str) -> str:
    """What two texts have in common that differ in white space and capitals only."""
    return re.sub(r"\s+", " ", text).strip().casefold()
