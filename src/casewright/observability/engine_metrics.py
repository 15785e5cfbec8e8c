"""What a router's engines do, as Prometheus metrics.

``EngineMetrics`` has the shape of the router's observer and knows nothing else of it: routes, states, causes
and outcomes come as plain words (kinds of errors, never what a user typed), so label values stay few.

First token and time per token as in OpenTelemetry's GenAI server metrics: time per output token is
(whole answer - time to the first token) / (output tokens - 1), with the server's own count of tokens.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from casewright.values import Usage

__all__ = ["EngineMetrics", "RouteState"]

BREAKER_STATES = ("closed", "half_open", "open")
# A small model's first token on a GPU, to a long document's on a small machine.
TTFT_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
# 200 tokens a second, to a model that stands still between two of them.
TPOT_SECONDS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60)
QUEUE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class RouteState(Protocol):
    """One route as the router sees it now."""

    @property
    def name(self) -> str:
        """The route's name."""

    @property
    def state(self) -> str:
        """Its breaker's state."""

    @property
    def inside(self) -> int:
        """Requests on the engine."""

    @property
    def waiting(self) -> int:
        """Requests waiting for a place."""


@dataclass(slots=True)
class _Attempt:
    route: str
    ttft_s: float | None = None


class EngineMetrics:
    """Counts in the registry it is given; once a registry (Prometheus refuses a name twice)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        # One each, so that two observers of the same request keep their own; made once a process.
        self._attempt: ContextVar[_Attempt | None] = ContextVar("casewright_metrics_attempt", default=None)
        self.requests = Counter(
            "casewright_engine_requests",
            "Attempts on an engine, by how they ended: ok, cancelled, or the kind of error.",
            ("provider", "outcome"),
            registry=registry,
        )
        self.tokens = Counter(
            "casewright_engine_tokens",
            "Tokens as the engine counted them: in, out, and cached (which are also among those in).",
            ("provider", "direction"),
            registry=registry,
        )
        self.fallbacks = Counter(
            "casewright_engine_fallbacks",
            "Requests that went on to another engine, by the kind of error that made them.",
            ("from", "to", "cause"),
            registry=registry,
        )
        self.ttft = self._histogram("ttft", "Time to the first token of an attempt.", TTFT_SECONDS)
        self.tpot = self._histogram("tpot", "Time per output token after the first.", TPOT_SECONDS)
        self.queue = self._histogram("queue", "Time until a request had its place.", QUEUE_SECONDS)
        self.breakers = Gauge(
            "casewright_engine_breaker",
            "1 for the state that an engine's breaker is in, 0 for the others.",
            ("provider", "state"),
            registry=registry,
        )

    def watch(self, status: Callable[[], Iterable[RouteState]]) -> None:
        """Show what ``status`` says whenever the metrics are read: places taken, callers waiting, breakers.

        ``status`` is a bound method of the router, which is not kept alive by this; call once for each
        router. Without it there are no ``casewright_engine_inside`` and ``_waiting``, and a breaker appears
        with its first change.
        """
        for route in status():
            self.breaker(route.name, route.state)
        self._registry.register(_Places(status))

    def started(self, route: str, /) -> None:
        """An attempt begins in this context."""
        self._attempt.set(_Attempt(route))

    def first_token(self, route: str, seconds: float, /) -> None:
        """Into the histogram of first tokens."""
        self.ttft.labels(route).observe(seconds)
        attempt = self._attempt.get()
        if attempt is not None and attempt.route == route:
            attempt.ttft_s = seconds

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        """Count the attempt, its tokens and, for a whole answer of at least two tokens, its pace."""
        self.requests.labels(route, str(outcome)).inc()
        attempt = self._attempt.get()
        self._attempt.set(None)
        if usage is None:
            return
        counts = (
            ("in", usage.prompt_tokens),
            ("out", usage.output_tokens),
            ("cached", usage.cached_tokens),
        )
        for direction, count in counts:
            if count is not None:
                self.tokens.labels(route, direction).inc(count)
        if outcome != "ok" or attempt is None or attempt.route != route or attempt.ttft_s is None:
            return
        if usage.output_tokens is not None and usage.output_tokens > 1:
            pace = (seconds - attempt.ttft_s) / (usage.output_tokens - 1)
            self.tpot.labels(route).observe(max(pace, 0.0))

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        """Count it by its cause."""
        self.fallbacks.labels(from_route, to_route, str(cause)).inc()

    def breaker(self, route: str, state: str, /) -> None:
        """Set the state's gauge to 1 and the others to 0."""
        for each in BREAKER_STATES:
            self.breakers.labels(route, each).set(1 if each == state else 0)

    def queued(self, route: str, seconds: float, /) -> None:
        """Into the histogram of waiting times."""
        self.queue.labels(route).observe(seconds)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(
            f"casewright_engine_{name}_seconds", what, ("provider",), buckets=buckets, registry=self._registry
        )


class _Places(Collector):
    """The gauges that only the router itself can say, asked when the metrics are read."""

    def __init__(self, status: Callable[[], Iterable[RouteState]]) -> None:
        self._status: Callable[[], Callable[[], Iterable[RouteState]] | None] = (
            weakref.WeakMethod(status) if hasattr(status, "__self__") else lambda: status
        )

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Names only, so that registering asks the router nothing."""
        return self._families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Both gauges for every route."""
        inside, waiting = self._families()
        status = self._status()
        for route in status() if status is not None else ():
            inside.add_metric((route.name,), route.inside)
            waiting.add_metric((route.name,), route.waiting)
        yield inside
        yield waiting

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("casewright_engine_inside", "Requests on the engine.", labels=("provider",)),
            GaugeMetricFamily(
                "casewright_engine_waiting", "Requests waiting for a place.", labels=("provider",)
            ),
        )
