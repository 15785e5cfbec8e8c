"""The RAG service's own metrics. Labels hold states and parts, never what stands in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from casewright.api.rag import QueryResponse
from casewright.observability.metrics import SECONDS, ServiceMetrics

# Documents by state, and chunks.
Counts = Callable[[], tuple[dict[str, int], int]]


class AnswerMetrics:
    """Whether a model was asked, and what became of its words: so a stack that always falls back is seen."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        self._metrics = metrics
        self.asked = Counter(
            "casewright_model_asked",
            "Questions, by what became of a model's words: not_asked, held, partly, removed (none held), "
            "nothing (it gave none, or failed).",
            ("outcome",),
            registry=metrics.registry,
        )
        self.sentences = Counter(
            "casewright_model_sentences",
            "Sentences of models, by whether they held against what they cite.",
            ("outcome",),
            registry=metrics.registry,
        )

    def count(self, answer: QueryResponse, *, asked: bool) -> None:
        """Count one answer, however it is sent; ``asked``: a model was."""
        provider = answer.provider or "none"
        # what the documents do not say has no words of anybody's
        self._metrics.answers.labels(answer.answered_by if answer.grounded else "none", provider).inc()
        held = sum(sentence.origin == "model" for sentence in answer.sentences)
        removed = len(answer.removed)
        self.asked.labels(_outcome(held, removed, asked=asked)).inc()
        self.sentences.labels("held").inc(held)
        self.sentences.labels("removed").inc(removed)
        if answer.usage is not None:
            for direction, tokens in (
                ("in", answer.usage.prompt_tokens),
                ("out", answer.usage.output_tokens),
            ):
                if tokens is not None:
                    self._metrics.tokens.labels(provider, direction).inc(tokens)


def _outcome(held: int, removed: int, *, asked: bool) -> str:
    if not asked:
        return "not_asked"
    if held:
        return "partly" if removed else "held"
    return "removed" if removed else "nothing"


class KnowledgeMetrics:
    """What is counted of stored cases."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.ingest = Histogram(
            "casewright_ingest_seconds",
            "Time for one document, by part: read, cut, embed, write.",
            ("part",),
            buckets=SECONDS,
            registry=registry,
        )
        self.retrieval = Histogram(
            "casewright_retrieval_seconds",
            "Time for one search, by part: embed (the question), search, all.",
            ("part",),
            buckets=SECONDS,
            registry=registry,
        )

    def took(self, part: str, seconds: float) -> None:
        """A part of taking in one document."""
        self.ingest.labels(part).observe(seconds)

    def searched(self, part: str, seconds: float) -> None:
        """A part of one search."""
        self.retrieval.labels(part).observe(seconds)

    def watch(self, counts: Counts) -> None:
        """Show documents and chunks as they are when asked."""
        self._registry.register(_Stored(counts))


class _Stored(Collector):
    """Counted in the catalogue whenever somebody asks."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        """Nothing is counted to be registered."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The figures now."""
        states, chunks = self._counts()
        documents = GaugeMetricFamily(
            "casewright_documents",
            "Stored documents, by the state of their newest version.",
            labels=["state"],
        )
        for state, number in sorted(states.items()):
            documents.add_metric([state], number)
        yield documents
        yield GaugeMetricFamily("casewright_chunks", "Chunks that can be found.", value=chunks)
