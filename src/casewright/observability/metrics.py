"""A service's Prometheus metrics, in a registry of its own (nothing global, so tests can hold several)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

# From an error's millisecond to a long document on a small machine.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)

__all__ = ["CONTENT_TYPE_LATEST", "ServiceMetrics"]


class ServiceMetrics:
    """What every service counts. Labels hold routes and kinds of errors, never what a user typed."""

    def __init__(self, service: str, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        about = Gauge(
            "casewright_build",
            "Which service and version this is.",
            ("service", "version"),
            registry=self.registry,
        )
        about.labels(service, version).set(1)
        self.requests = Counter(
            "casewright_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.errors = Counter(
            "casewright_errors", "Errors answered, by kind.", ("kind",), registry=self.registry
        )
        self.seconds = Histogram(
            "casewright_request_seconds",
            "Time from a request's head to its answer's end.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "casewright_requests_in_flight", "Requests being answered.", registry=self.registry
        )
        self.answers = Counter(
            "casewright_answers",
            "Answers, by who wrote their words (code or model; none: there is no answer) and by provider.",
            ("answered_by", "provider"),
            registry=self.registry,
        )
        self.tokens = Counter(
            "casewright_tokens",
            "Tokens as the engine counted them.",
            ("provider", "direction"),
            registry=self.registry,
        )
        self.llm_available = Gauge(
            "casewright_llm_available",
            "1 while the engine in charge answers; absent until it was asked.",
            ("provider",),
            registry=self.registry,
        )

        self._ended: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def ended(self, method: str, route: str, status: str, took_s: float) -> None:
        """Count a request that was answered after ``took_s`` seconds.

        The series are looked up once each: the library's own look-up leaves a tuple in Python's free lists
        every time, two thousand of each length, which in a soak looks like a leak for the first hours.
        """
        key = (method, route, status)
        found = self._ended.get(key)
        if found is None:
            found = self._ended[key] = self.requests.labels(*key), self.seconds.labels(method, route)
        found[0].inc()
        found[1].observe(took_s)

    def expose(self) -> bytes:
        """The text of ``GET /metrics``."""
        return generate_latest(self.registry)
