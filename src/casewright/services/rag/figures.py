"""The RAG service's own metrics. Labels hold states and parts, never what stands in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from casewright.observability.metrics import SECONDS

# Documents by state, and chunks.
Counts = Callable[[], tuple[dict[str, int], int]]


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
