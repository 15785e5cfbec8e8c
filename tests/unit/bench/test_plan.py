"""Load plans: what is refused, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from casewright.bench.plan import LoadPlan
from casewright.errors import UsageError


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        ({"mode": "closed", "requests": 1}, "--concurrency N"),
        ({"mode": "closed", "concurrency": 0, "requests": 1}, "concurrency must be at least 1"),
        ({"mode": "closed", "concurrency": 2, "rate": 3.0, "requests": 1}, "either --concurrency"),
        ({"mode": "closed", "concurrency": 2}, "--requests N or --duration S"),
        ({"mode": "closed", "concurrency": 2, "processes": 3, "requests": 9}, "--processes 2"),
        ({"mode": "closed", "concurrency": 20, "max_connections": 10, "requests": 9}, "--concurrency 10"),
        ({"mode": "open", "requests": 1}, "--rate R"),
        ({"mode": "open", "rate": 0.0, "requests": 1}, "rate must be greater than 0"),
        ({"mode": "open", "rate": float("nan"), "requests": 1}, "rate must be greater than 0"),
        ({"mode": "open", "rate": 1.0, "concurrency": 2, "requests": 1}, "either --concurrency"),
        ({"mode": "open", "rate": 1.0, "arrivals": "bursty", "requests": 1}, "constant or poisson"),
        ({"mode": "open", "rate": 1.0, "requests": 5, "warmup": 5}, "more --requests"),
        ({"mode": "open", "rate": 1.0, "duration_s": 5.0, "ramp_s": 5.0}, "longer --duration"),
        ({"mode": "open", "rate": 1.0, "requests": 5, "processes": 999}, "--processes 64"),
        ({"mode": "open", "rate": 1.0, "requests": 5, "max_connections": 2, "processes": 3}, "--processes 2"),
        ({"mode": "open", "rate": 1.0, "requests": 5, "idle_s": 0.0}, "idle must be greater than 0"),
        ({"mode": "sideways", "requests": 5}, "closed or open"),
    ],
)
def test_impossible_plans_name_the_fix(values: dict[str, Any], fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        LoadPlan(**values)
    assert fix in caught.value.hint


def test_json_round_trip_and_unknown_fields() -> None:
    plan = LoadPlan.open(100.0, "constant", duration_s=2.5, processes=2, seed=7)
    assert LoadPlan.from_json(plan.to_json()) == plan
    with pytest.raises(UsageError, match="colour"):
        LoadPlan.from_json({**plan.to_json(), "colour": "red"})


def test_users_are_shared_without_loss() -> None:
    plan = LoadPlan.closed(10, requests=100, processes=3)
    assert [plan.share(k) for k in range(3)] == [4, 3, 3]


def test_load_of_results() -> None:
    load = LoadPlan.closed(8, requests=100, warmup=4, ramp_s=1.5, processes=2).to_load()
    assert (load.mode, load.concurrency, load.requests, load.warmup, load.ramp_s, load.processes) == (
        "closed", 8, 100, 4, 1.5, 2,
    )  # fmt: skip
    assert load.rate is None
