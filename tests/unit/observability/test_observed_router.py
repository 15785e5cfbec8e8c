"""A real router with both observers: what one answer leaves in the metrics and in the spans."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from casewright.engines.policy import Route
from casewright.engines.router import RouterEngine
from casewright.engines.scripted import Fail
from casewright.errors import EngineError
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.observer import Observers
from casewright.observability.tracing import Asked, Place, Tracing, TracingConfig, start_tracing
from routing import ASKED, saying


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(kept: InMemorySpanExporter) -> Iterator[Tracing]:
    places = {name: Place("scripted", "127.0.0.1", 1, "scripted") for name in ("a", "b")}
    found = start_tracing(TracingConfig("gateway"), places, exporter=kept)
    yield found
    found.close()


def router_of(registry: CollectorRegistry, tracing: Tracing, first: Fail | str) -> RouterEngine:
    metrics = EngineMetrics(registry)
    engines = {"a": saying("half", first) if first == "more" else saying(first), "b": saying("good", "word")}
    routes = [Route(name=name, engine=engine, model="scripted") for name, engine in engines.items()]
    router = RouterEngine(routes, observer=Observers(metrics, tracing))
    metrics.watch(router.status)
    return router


async def test_a_fallback_is_counted_and_traced(
    registry: CollectorRegistry, kept: InMemorySpanExporter, tracing: Tracing
) -> None:
    router = router_of(registry, tracing, Fail("connection_refused"))
    value = registry.get_sample_value
    assert value("casewright_engine_breaker", {"provider": "a", "state": "closed"}) == 1
    with tracing.request(Asked(model="scripted")):
        answer = await router.complete(ASKED)
    assert answer.text == "goodword"
    for route, outcome in (("a", "connection_refused"), ("b", "ok")):
        assert value("casewright_engine_requests_total", {"provider": route, "outcome": outcome}) == 1
        assert value("casewright_engine_queue_seconds_count", {"provider": route}) == 1
    fallback = {"from": "a", "to": "b", "cause": "connection_refused"}
    assert value("casewright_engine_fallbacks_total", fallback) == 1
    assert value("casewright_engine_breaker", {"provider": "a", "state": "open"}) == 1
    assert value("casewright_engine_breaker", {"provider": "a", "state": "closed"}) == 0
    assert value("casewright_engine_ttft_seconds_count", {"provider": "b"}) == 1
    assert value("casewright_engine_tpot_seconds_count", {"provider": "b"}) == 1
    assert value("casewright_engine_tokens_total", {"provider": "b", "direction": "out"}) == 2
    assert value("casewright_engine_inside", {"provider": "b"}) == 0
    failed, good, whole = (dict(span.attributes or {}) for span in kept.get_finished_spans())
    assert failed["error.type"] == "connection_refused"
    assert good["casewright.outcome"] == "ok"
    assert good["casewright.fallback.cause"] == "connection_refused"
    assert good["gen_ai.usage.output_tokens"] == 2
    assert "casewright.queue_seconds" in good
    assert whole["casewright.attempts"] == 2


async def test_a_caller_who_leaves_is_counted_as_that(
    registry: CollectorRegistry, kept: InMemorySpanExporter, tracing: Tracing
) -> None:
    router = router_of(registry, tracing, "more")
    async with router.open(ASKED) as routed:
        await anext(routed)
        assert registry.get_sample_value("casewright_engine_inside", {"provider": "a"}) == 1
    labels = {"provider": "a", "outcome": "cancelled"}
    assert registry.get_sample_value("casewright_engine_requests_total", labels) == 1
    assert registry.get_sample_value("casewright_engine_inside", {"provider": "a"}) == 0
    (span,) = kept.get_finished_spans()
    assert dict(span.attributes or {})["casewright.outcome"] == "cancelled"


async def test_a_request_s_own_fault_is_one_attempt(
    registry: CollectorRegistry, kept: InMemorySpanExporter, tracing: Tracing
) -> None:
    router = router_of(registry, tracing, Fail("bad_request"))
    with pytest.raises(EngineError), tracing.request(Asked()):
        await router.complete(ASKED)
    attempt, whole = (dict(span.attributes or {}) for span in kept.get_finished_spans())
    assert attempt["error.type"] == whole["error.type"] == "bad_request"
    assert registry.get_sample_value("casewright_engine_breaker", {"provider": "a", "state": "open"}) == 0
