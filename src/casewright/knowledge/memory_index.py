"""A search index in memory: the ways of searching of a case's index on disk, for texts that are not kept.

BM25 is FTS5's own (k1 1.2, b 0.75, its inverse document frequency with its floor), and features are weighed
as there, so that what is measured here holds there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from casewright.knowledge.features import features_of
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Scored, StoredChunk
from casewright.knowledge.terms import Reader

K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6

Floats = npt.NDArray[np.float32]
Posting = tuple[npt.NDArray[np.int32], Floats]


class MemoryIndex:
    """``ports.SearchIndex`` over chunks and their vectors, one row of length 1 a chunk. Read only.

    ``terms`` reads a text into terms; the product's own where it is None.
    """

    def __init__(
        self, chunks: Sequence[StoredChunk], vectors: Vectors, terms: Callable[[str], list[str]] | None = None
    ) -> None:
        if len(chunks) != len(vectors):
            raise ValueError(f"{len(chunks)} chunks and {len(vectors)} vectors")
        self._chunks = list(chunks)
        self._place = {chunk.id: place for place, chunk in enumerate(chunks)}
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        terms, reader = terms or Lexicon().terms, Reader()
        texts = [[*stored.chunk.heading_path, stored.chunk.text] for stored in chunks]
        self._terms = _bm25([terms("\n".join(text)) for text in texts])
        self._features = _rarity([features_of(stored.chunk.text, reader) for stored in chunks])

    def keyword(self, terms: Sequence[str], limit: int) -> list[Scored]:
        """BM25 over terms (any of them), best first."""
        return self._sum(self._terms, terms, limit)

    def dense(self, vector: Vectors, limit: int) -> list[Scored]:
        """Cosine similarity, best first."""
        scores: Floats = self._vectors @ np.asarray(vector, dtype=np.float32)
        return self._best(scores, np.arange(len(scores)), limit)

    def exact(self, features: Sequence[str], limit: int) -> list[Scored]:
        """Chunks that hold these features; each counts by its rarity."""
        return self._sum(self._features, features, limit)

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """These chunks, in the order asked for."""
        return [self._chunks[self._place[chunk]] for chunk in ids if chunk in self._place]

    def size(self) -> int:
        """How many chunks there are."""
        return len(self._chunks)

    def _sum(self, postings: dict[str, Posting], keys: Sequence[str], limit: int) -> list[Scored]:
        scores = np.zeros(len(self._chunks), dtype=np.float32)
        for key in dict.fromkeys(keys):
            if key in postings:
                places, weights = postings[key]
                scores[places] += weights
        return self._best(scores, np.flatnonzero(scores), limit)

    def _best(self, scores: Floats, places: npt.NDArray[np.intp], limit: int) -> list[Scored]:
        # by score, and equal ones in their order
        if len(places) > limit:
            least = np.partition(scores[places], -limit)[-limit]
            places = places[scores[places] >= least]
        order = places[np.argsort(-scores[places], kind="stable")][:limit]
        return [Scored(self._chunks[place].id, float(scores[place])) for place in order]


def _bm25(texts: Sequence[Sequence[str]]) -> dict[str, Posting]:
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    average = float(lengths.mean()) if len(lengths) else 0.0
    norms = K1 * (1 - B + B * lengths / average) if average else lengths
    found: dict[str, Posting] = {}
    for term, (places, counts) in _postings(Counter(text) for text in texts).items():
        idf = max(math.log((len(texts) - len(places) + 0.5) / (len(places) + 0.5)), _LEAST_IDF)
        weights = idf * counts * (K1 + 1) / (counts + norms[places])
        found[term] = (places, weights.astype(np.float32))
    return found


def _rarity(texts: Sequence[Sequence[str]]) -> dict[str, Posting]:
    return {
        key: (places, np.full(len(places), math.log(1 + len(texts) / len(places)), dtype=np.float32))
        for key, (places, _) in _postings(Counter(text) for text in texts).items()
    }


def _postings(
    texts: Iterable[Counter[str]],
) -> dict[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]]:
    places: dict[str, list[int]] = {}
    counts: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for key, count in text.items():
            places.setdefault(key, []).append(place)
            counts.setdefault(key, []).append(count)
    return {
        key: (np.array(places[key], dtype=np.int32), np.array(counts[key], dtype=np.float64))
        for key in places
    }
