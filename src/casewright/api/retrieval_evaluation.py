"""The schema of a measurement of search, ``casewright.evaluation/1`` with kind ``retrieval``.

docs/retrieval.md defines each figure exactly. Nothing measured is None, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from casewright.api.contract import Contract

SearchMode = Literal["bm25", "dense", "hybrid"]


class Estimate(Contract):
    """A mean over queries with its 95 % interval; None where no query could be judged."""

    value: float | None
    low: float | None
    high: float | None


class ModeScores(Contract):
    """One way of searching. ``measures`` by name: ``recall@K`` and ``ndcg@K`` for each K, and ``mrr``.

    ``unanswered`` queries found nothing; they count 0. ``search_seconds`` is without embedding.
    """

    measures: dict[str, Estimate]
    unanswered: int
    search_seconds: float


class Advantage(Contract):
    """``mode`` minus ``over``, query by query: the mean of the differences, by the names of ``measures``."""

    mode: SearchMode
    over: SearchMode
    measures: dict[str, Estimate]


class RetrievalOptions(Contract):
    """How it was measured. ``embedding`` and ``embedding_version`` are the index's stamp."""

    embedding: str
    embedding_version: str
    ks: tuple[int, ...]
    depth: int
    passage_tokens: int
    overlap_tokens: int
    bm25_weight: float
    dense_weight: float
    resamples: int
    seed: int


class RetrievalCounts(Contract):
    """What went in. ``judged`` queries were measured; ``without_judgements`` were left out.

    ``long_documents`` are longer than one passage. ``empty_documents`` have no text and are never found.
    ``judgements_without_query`` and ``judgements_without_document`` count what the files do not have: the
    former are not used, the latter count as relevant and cannot be found.
    """

    documents: int
    empty_documents: int
    passages: int
    long_documents: int
    queries: int
    judged: int
    without_judgements: int
    judgements: int
    judgements_without_query: int
    judgements_without_document: int


class RetrievalEvaluation(Contract):
    """The whole measurement."""

    schema_: Literal["casewright.evaluation/1"] = Field("casewright.evaluation/1", alias="schema")
    kind: Literal["retrieval"] = "retrieval"
    version: str
    corpus: str
    queries: str
    qrels: str
    options: RetrievalOptions
    counts: RetrievalCounts
    modes: dict[SearchMode, ModeScores]
    advantages: tuple[Advantage, ...]
    embedding_seconds: float
    seconds: float
