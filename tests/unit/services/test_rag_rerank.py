"""Search and chat see the order that a reranker gives; only a qualified model is asked for one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from casewright.engines.scripted import Say, Script, ScriptedEngine
from casewright.knowledge.rerank import EngineReranker
from casewright.services.llm import EngineAccess
from casewright.values import EngineSpec
from serving import served
from unit.services.rag_served import Service, rag
from unit.services.test_rag_service import speaking

TEXTS = {"one": "The rent is £450 a month.", "two": "The rent book was lost in the move."}


def search(service: Service) -> dict[str, Any]:
    answer = service.call("GET", "/search", params={"case_id": "case-1", "q": "rent"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_models_order_is_what_search_and_chat_see(tmp_path: Path) -> None:
    with rag(tmp_path) as service:
        service.ingest("case-1", **TEXTS)
        before = [hit["text"] for hit in search(service)["hits"]]
        engine = ScriptedEngine(lambda _request: Script((Say('{"order": [2]}'),)))

        @contextlib.asynccontextmanager
        async def reranking() -> AsyncIterator[EngineReranker | None]:
            yield EngineReranker(engine, 5.0)

        service.app.state.cases.reranking = reranking
        found = search(service)
        assert [hit["text"] for hit in found["hits"]] == before[::-1]
        assert found["hits"][0]["parts"]["rerank"] == 1.0
        asked = service.call("POST", "/query", json={"case_id": "case-1", "query": "How much is the rent?"})
        assert asked.status_code == 200
        assert len(engine.requests) == 2


def test_a_model_that_has_shown_nothing_is_not_asked_for_an_order(tmp_path: Path) -> None:
    with served(speaking('{"order": [2]}')) as url:
        engine = EngineAccess(EngineSpec(text="tiny", kind="openai", url=url, model="tiny"))
        with rag(tmp_path, engine=engine, rerank=True) as service:
            service.ingest("case-1", **TEXTS)
            found = search(service)
    assert all("rerank" not in hit["parts"] for hit in found["hits"])
    assert found["warnings"] == []
