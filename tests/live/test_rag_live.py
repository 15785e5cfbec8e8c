"""The RAG service with the embedded engine: the model phrases, code holds it to the cited sentence."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from casewright.api.rag import QueryResponse
from casewright.knowledge.support import faults
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LlmConfig
from casewright.services.rag import RagConfig, create_app
from casewright.values import EngineSpec
from serving import served

pytestmark = pytest.mark.live

NOTE = "Anna Kowalska came in on Monday. The rent is £725.00 per month. The landlord is Mr Patel."


def ask(url: str, body: dict[str, Any]) -> QueryResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=90)
    connection.request("POST", "/query", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status == 200, content
    return QueryResponse.model_validate_json(content)


def test_a_real_models_words_hold_or_are_not_used(face_url: str, tmp_path: Path) -> None:
    spec = EngineSpec(text=face_url, kind="embedded", url=face_url)
    engine = EngineAccess(spec)
    llm = LlmConfig(tmp_path, {"embedded": engine, "ollama": engine, "vllm": engine})
    with served(create_app(RagConfig(KitConfig("rag", tmp_path), llm))) as url:
        question = "How much is the rent?"
        found = ask(url, {"query": question, "documents": [NOTE], "strategy": "plain"})
        unasked = ask(url, {"query": "What is document processing?", "documents": ["Sample document text"]})
    assert found.grounded
    assert found.provider == "embedded"
    assert found.model
    assert found.usage is not None
    assert found.usage.output_tokens
    quotes = [cited.quote for cited in found.citations]
    assert quotes == ["The rent is £725.00 per month."]
    if found.answered_by == "model":
        assert not faults(found.answer, question, quotes)
        assert found.warnings == ()
    else:
        assert found.answer == quotes[0]
        assert found.warnings[0].startswith("the model's words were not used: ")
    assert (unasked.grounded, unasked.usage, unasked.answered_by) == (False, None, "code")
