"""What the parts of the index need of each other; each is told what it works with by constructor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from casewright.knowledge.records import Chunk, Scored, SourceDocument, Stamp, StoredChunk

Vectors = npt.NDArray[np.float32]


class Tokens(Protocol):
    """The embedding model's tokenizer."""

    def spans(self, text: str) -> Sequence[tuple[int, int]]:
        """The characters of each token of a text, without special tokens, in order."""
        ...


class Embedder(Protocol):
    """Texts to vectors of length 1.

    ``max_tokens`` is what the model sees of a text, special tokens included.
    """

    stamp: Stamp
    max_tokens: int

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, float32. Cancelling the caller frees what it held."""
        ...


class SearchIndex(Protocol):
    """One case's index, read only. Only what is published is found. Calls block: use a thread."""

    def keyword(self, terms: Sequence[str], limit: int) -> list[Scored]:
        """BM25 over stemmed terms (any of them), best first."""
        ...

    def dense(self, vector: Vectors, limit: int) -> list[Scored]:
        """Cosine similarity, best first."""
        ...

    def exact(self, features: Sequence[str], limit: int) -> list[Scored]:
        """Chunks that hold these identifiers, amounts or dates; more and rarer ones score higher."""
        ...

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """These chunks, in the order asked for; those that are gone are left out."""
        ...

    def size(self) -> int:
        """How many chunks are published."""
        ...


class CaseWriter(Protocol):
    """One case's index, for writing: one writer at a time. Calls block."""

    def add(
        self, document: str, version: int, source: SourceDocument, chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        """Write a version of a document without showing it; repeating it replaces what was there of it."""
        ...

    def publish(self, document: str, version: int) -> None:
        """Show that version in the place of any older one, at once or not at all."""
        ...

    def remove(self, document: str) -> None:
        """Take every version of a document out of every file of the case."""
        ...
