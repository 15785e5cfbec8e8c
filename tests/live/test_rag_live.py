"""The RAG service with the embedded engine: the model phrases, code holds it to the cited sentence."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from casewright.api.rag import QueryResponse
from casewright.engines.connect import open_engine
from casewright.knowledge.compose import Asking, compose
from casewright.knowledge.sources import from_texts
from casewright.knowledge.support import faults
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LlmConfig
from casewright.services.rag import RagConfig, create_app
from casewright.values import EngineSpec
from serving import served

pytestmark = pytest.mark.live

DATA = Path(__file__).resolve().parents[1] / "data"
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


async def test_a_real_models_answer_survives_verification(face_url: str) -> None:
    """Over ten plain questions, some of its words are the answer; all of those hold."""
    tasks = [json.loads(line) for line in (DATA / "rag_dev.jsonl").read_text("utf-8").splitlines()]
    answers = []
    async with open_engine(EngineSpec(text=face_url, kind="embedded", url=face_url)) as engine:
        asking = Asking(engine, "plain", context=512)
        for task in [task for task in tasks if task["grounded"]][:10]:
            found = await compose(task["query"], from_texts(task["documents"]), asking)
            assert found.grounded
            for citation in found.citations:
                text = task["documents"][int(citation.document)]
                assert text[citation.start : citation.end] == citation.quote
            if found.answered_by == "model":
                answers.append(found)
                quotes = [citation.quote for citation in found.citations]
                assert not faults(found.answer, task["query"], quotes)
                assert [sentence.origin for sentence in found.sentences] == ["model"]
            else:
                assert found.removed or found.warnings
    sys.stdout.write(f"{len(answers)} of 10 answers are the model's own words\n")
    assert answers
