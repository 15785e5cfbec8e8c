"""What the router tells becomes Prometheus text, by route, outcome and cause."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from casewright.observability.engine_metrics import (
    BREAKER_STATES,
    QUEUE_SECONDS,
    TPOT_SECONDS,
    TTFT_SECONDS,
    EngineMetrics,
)
from casewright.observability.observer import EngineObserver, Observers
from casewright.values import Usage


@dataclass(frozen=True)
class Route:
    name: str
    state: str = "closed"
    inside: int = 0
    waiting: int = 0


class Router:
    def __init__(self, *routes: Route) -> None:
        self.routes = routes

    def status(self) -> tuple[Route, ...]:
        return self.routes


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> EngineMetrics:
    return EngineMetrics(registry)


def answer(metrics: EngineObserver, route: str, first_s: float, whole_s: float, usage: Usage | None) -> None:
    metrics.started(route)
    metrics.first_token(route, first_s)
    metrics.finished(route, usage, whole_s, "ok")


def test_a_whole_answer_counts_its_tokens_and_its_pace(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    answer(metrics, "vllm", 0.04, 0.34, Usage(prompt_tokens=100, output_tokens=16, cached_tokens=64))
    value = registry.get_sample_value
    assert value("casewright_engine_requests_total", {"provider": "vllm", "outcome": "ok"}) == 1
    for direction, count in (("in", 100), ("out", 16), ("cached", 64)):
        found = value("casewright_engine_tokens_total", {"provider": "vllm", "direction": direction})
        assert found == count
    assert value("casewright_engine_ttft_seconds_sum", {"provider": "vllm"}) == pytest.approx(0.04)
    assert value("casewright_engine_tpot_seconds_sum", {"provider": "vllm"}) == pytest.approx(0.3 / 15)
    assert value("casewright_engine_tpot_seconds_bucket", {"provider": "vllm", "le": "0.03"}) == 1
    assert value("casewright_engine_tpot_seconds_bucket", {"provider": "vllm", "le": "0.015"}) == 0


@pytest.mark.parametrize(
    ("usage", "outcome"),
    [
        (None, "ok"),
        (Usage(output_tokens=1), "ok"),
        (Usage(prompt_tokens=5), "ok"),
        (Usage(output_tokens=9), "idle_timeout"),
    ],
)
def test_no_pace_where_none_can_be_known(
    metrics: EngineMetrics, registry: CollectorRegistry, usage: Usage | None, outcome: str
) -> None:
    metrics.started("vllm")
    metrics.first_token("vllm", 0.1)
    metrics.finished("vllm", usage, 1.0, outcome)
    assert registry.get_sample_value("casewright_engine_tpot_seconds_count", {"provider": "vllm"}) is None
    labels = {"provider": "vllm", "outcome": outcome}
    assert registry.get_sample_value("casewright_engine_requests_total", labels) == 1


def test_an_answer_after_a_failed_attempt_is_not_timed_by_it(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    metrics.started("vllm")
    metrics.first_token("vllm", 0.9)
    metrics.finished("vllm", None, 1.0, "connection_lost")
    metrics.fell_back("vllm", "ollama", "connection_lost")
    metrics.started("ollama")
    metrics.finished("ollama", Usage(output_tokens=3), 0.5, "ok")
    assert registry.get_sample_value("casewright_engine_tpot_seconds_count", {"provider": "ollama"}) is None
    fallback = {"from": "vllm", "to": "ollama", "cause": "connection_lost"}
    assert registry.get_sample_value("casewright_engine_fallbacks_total", fallback) == 1


async def test_requests_at_the_same_time_keep_their_own_first_tokens(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    turns = asyncio.Barrier(2)

    async def request(first_s: float) -> None:
        metrics.started("vllm")
        await turns.wait()
        metrics.first_token("vllm", first_s)
        await turns.wait()
        # The answer's end is often read by a task that the request's own task began.
        await asyncio.create_task(end())

    async def end() -> None:
        metrics.finished("vllm", Usage(output_tokens=2), 10.0, "ok")

    await asyncio.gather(request(1.0), request(4.0))
    labels = {"provider": "vllm"}
    assert registry.get_sample_value("casewright_engine_tpot_seconds_count", labels) == 2
    assert registry.get_sample_value("casewright_engine_tpot_seconds_sum", labels) == pytest.approx(9.0 + 6.0)


def test_exactly_one_state_of_a_breaker_is_set(metrics: EngineMetrics, registry: CollectorRegistry) -> None:
    for now in ("closed", "open", "half_open", "open", "closed"):
        metrics.breaker("vllm", now)
        found = {
            state: registry.get_sample_value(
                "casewright_engine_breaker", {"provider": "vllm", "state": state}
            )
            for state in BREAKER_STATES
        }
        assert found == {state: float(state == now) for state in BREAKER_STATES}


def test_places_are_asked_when_the_metrics_are_read(
    metrics: EngineMetrics, registry: CollectorRegistry
) -> None:
    router = Router(Route("vllm", "open"), Route("ollama"))
    metrics.watch(router.status)
    router.routes = (Route("vllm", "open"), Route("ollama", inside=3, waiting=2))
    value = registry.get_sample_value
    assert value("casewright_engine_inside", {"provider": "ollama"}) == 3
    assert value("casewright_engine_waiting", {"provider": "ollama"}) == 2
    assert value("casewright_engine_inside", {"provider": "vllm"}) == 0
    assert value("casewright_engine_breaker", {"provider": "vllm", "state": "open"}) == 1
    assert value("casewright_engine_breaker", {"provider": "ollama", "state": "closed"}) == 1


def test_a_router_that_is_gone_has_no_places(metrics: EngineMetrics, registry: CollectorRegistry) -> None:
    router = Router(Route("vllm", inside=1))
    metrics.watch(router.status)
    assert registry.get_sample_value("casewright_engine_inside", {"provider": "vllm"}) == 1
    del router
    assert registry.get_sample_value("casewright_engine_inside", {"provider": "vllm"}) is None


def test_the_text_is_what_prometheus_reads(metrics: EngineMetrics, registry: CollectorRegistry) -> None:
    answer(metrics, "vllm", 0.04, 0.34, Usage(prompt_tokens=1, output_tokens=2))
    metrics.queued("vllm", 0.2)
    metrics.breaker("vllm", "closed")
    metrics.fell_back("vllm", "ollama", "overloaded")
    router = Router(Route("vllm"))
    metrics.watch(router.status)
    families = {
        each.name: each.type
        for each in text_string_to_metric_families(generate_latest(registry).decode())
        if not each.name.endswith("_created")
    }
    assert families == {
        "casewright_engine_requests": "counter",
        "casewright_engine_tokens": "counter",
        "casewright_engine_fallbacks": "counter",
        "casewright_engine_ttft_seconds": "histogram",
        "casewright_engine_tpot_seconds": "histogram",
        "casewright_engine_queue_seconds": "histogram",
        "casewright_engine_breaker": "gauge",
        "casewright_engine_inside": "gauge",
        "casewright_engine_waiting": "gauge",
    }


@pytest.mark.parametrize("buckets", [TTFT_SECONDS, TPOT_SECONDS, QUEUE_SECONDS])
def test_buckets_rise_from_milliseconds_to_minutes(buckets: tuple[float, ...]) -> None:
    assert list(buckets) == sorted(set(buckets))
    assert buckets[0] == 0.005
    assert buckets[-1] >= 60


def test_several_observers_are_told_the_same() -> None:
    one, two = CollectorRegistry(), CollectorRegistry()
    both = Observers(EngineMetrics(one), EngineMetrics(two))
    answer(both, "vllm", 0.1, 0.2, Usage(output_tokens=2))
    both.queued("vllm", 0.5)
    both.breaker("vllm", "open")
    both.fell_back("vllm", "ollama", "overloaded")

    def told(registry: CollectorRegistry) -> dict[str, float]:
        return {
            f"{sample.name}{sorted(sample.labels.items())}": sample.value
            for family in registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    assert told(one) == told(two)
    assert sum(told(one).values()) > 0
