"""Healthy, degraded and unhealthy are three things."""

from __future__ import annotations

from pathlib import Path

from casewright.api.contract import EngineInCharge, Health
from serving import served
from unit.services.kit.service import make
from unit.services.kit.test_edge import call


def engine(available: bool) -> EngineInCharge:
    reason = None if available else "nothing listens there"
    return EngineInCharge(provider="vllm", source="file", llm_available=available, model="m", reason=reason)


def test_healthy(tmp_path: Path) -> None:
    with served(make(tmp_path, engine=engine(True))) as url:
        status, _, body = call(url, "GET", "/health")
    found = Health.model_validate(body)
    assert (status, found.status, found.llm_available, found.provider) == (200, "healthy", True, "vllm")
    assert found.checks == {"store": True}
    assert found.reasons == ()
    assert found.limits["max_body_bytes"] == 4 * 1024 * 1024


def test_degraded_still_answers(tmp_path: Path) -> None:
    with served(make(tmp_path, engine=engine(False))) as url:
        status, _, body = call(url, "GET", "/health")
        metrics = call(url, "GET", "/metrics")[2].decode()
        assert call(url, "POST", "/echo", b'{"text": "a"}')[0] == 200
    found = Health.model_validate(body)
    assert (status, found.status, found.llm_available) == (200, "degraded", False)
    assert found.reasons == ("engine: nothing listens there",)
    assert 'casewright_llm_available{provider="vllm"} 0.0' in metrics


def test_unhealthy_while_the_own_store_is_lost(tmp_path: Path) -> None:
    state = {"ok": False}
    with served(make(tmp_path, engine=engine(True), store_ok=lambda: state["ok"])) as url:
        status, _, body = call(url, "GET", "/health")
        assert (status, body["status"]) == (503, "unhealthy")
        assert body["reasons"] == ["store: the index is gone"]
        assert call(url, "GET", "/live")[0] == 200
        state["ok"] = True
        assert call(url, "GET", "/health")[0] == 200
