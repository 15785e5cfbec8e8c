"""The RAG service over real HTTP."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from casewright.api.rag import MAX_DOCUMENT_CHARS, MAX_DOCUMENTS, QueryResponse
from casewright.errors import ServiceBusy, ServiceFailure
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LlmConfig
from casewright.services.provider import ProviderFile
from casewright.services.rag import MAX_BODY_BYTES, RagConfig, Readers, config_from, create_app
from casewright.settings import Settings
from casewright.values import EngineSpec, Usage
from serving import served

NOTE = "The rent is £450 a month. The landlord is Mr Patel.\n\nThe deposit of £900 has not been returned."
# Nothing listens on port 9 of this machine.
DEAD = EngineAccess(EngineSpec(text="dead", kind="embedded", url="http://127.0.0.1:9"))
ECHO = EngineAccess(EngineSpec(text="echo", kind="scripted", model="echo"))


@contextmanager
def rag(data_dir: Path, engine: EngineAccess = DEAD, **changes: Any) -> Iterator[str]:
    kit = KitConfig("rag", data_dir, max_body_bytes=MAX_BODY_BYTES)
    llm = LlmConfig(data_dir, {"embedded": engine, "ollama": engine, "vllm": engine})
    with served(create_app(RagConfig(kit, llm, **changes))) as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose engine is not there."""
    with rag(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose engine says the prompt again."""
    with rag(tmp_path_factory.mktemp("data"), ECHO) as found:
        yield found


def call(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body is not None else {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(content)


def text_of(url: str, path: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", path)
    content = connection.getresponse().read().decode()
    connection.close()
    return content


def ask(url: str, query: str, *documents: str, **more: Any) -> QueryResponse:
    body = json.dumps({"query": query, "documents": documents, **more}).encode()
    status, headers, found = call(url, "POST", "/query", body)
    assert status == 200, found
    answer = QueryResponse.model_validate(found)
    assert headers["x-casewright-answered-by"] == answer.answered_by
    assert headers["x-casewright-provider"] == (answer.provider or "none")
    assert headers["x-request-id"] == answer.request_id
    for cited in answer.citations:
        assert documents[cited.document][cited.start : cited.end] == cited.quote
    return answer


def test_the_plans_own_example(url: str) -> None:
    found = ask(url, "What is document processing?", "Sample document text")
    assert found.grounded is False
    assert "do not say" in found.answer
    assert found.citations == ()
    assert "'processing'" in found.reason


def test_an_answer_with_its_citation_and_without_an_engine(url: str) -> None:
    found = ask(url, "How much is the rent?", "Nothing here.", NOTE)
    assert found.answer == "The rent is £450 a month."
    assert found.grounded
    assert [(cited.document, cited.start) for cited in found.citations] == [(1, 0)]
    assert (found.answered_by, found.strategy, found.provider, found.usage) == (
        "code",
        "extractive",
        None,
        None,
    )
    assert found.timings.parts["read"] <= found.timings.total_ms


def test_positions_count_characters(url: str) -> None:
    document = "Ünïcødé 🏠🏠. The rent is £450.\x00 Done."
    found = ask(url, "How much is the rent?", document)
    assert found.citations[0].quote.startswith("The rent is £450.")


def test_health_is_degraded_without_an_engine_and_live_is_not(url: str) -> None:
    status, _, found = call(url, "GET", "/health")
    assert (status, found["status"], found["llm_available"]) == (200, "degraded", False)
    assert found["reasons"][0].startswith("engine: ")
    assert found["limits"]["max_documents"] == MAX_DOCUMENTS
    assert call(url, "GET", "/live")[0] == 200


def test_health_with_an_engine(echoing: str) -> None:
    status, _, found = call(echoing, "GET", "/health")
    assert (status, found["status"], found["model"]) == (200, "healthy", "echo")


def test_an_unqualified_model_is_not_asked(echoing: str) -> None:
    found = ask(echoing, "How much is the rent?", NOTE)
    assert (found.answered_by, found.strategy, found.usage) == ("code", "extractive", None)
    assert (found.provider, found.model) == ("embedded", "echo")
    assert found.warnings == ()


def test_a_models_words_that_do_not_hold_are_not_used(echoing: str) -> None:
    found = ask(echoing, "How much is the rent?", NOTE, strategy="plain")
    assert found.answer == "The rent is £450 a month."
    assert (found.answered_by, found.strategy, found.model) == ("code", "plain", "echo")
    assert found.warnings[0].startswith("the model's words were not used: ")
    assert found.usage is not None
    assert found.timings.parts["model"] >= 0


def speaking(text: str) -> Starlette:
    """An engine behind OpenAI's API that always says the same."""

    async def models(_request: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": "tiny", "object": "model"}]})

    async def chat(_request: Request) -> StreamingResponse:
        def chunk(**more: Any) -> str:
            return "data: " + json.dumps({"id": "1", "model": "tiny", "choices": [], **more}) + "\n\n"

        async def events() -> AsyncIterator[str]:
            yield chunk(choices=[{"index": 0, "delta": {"content": text}}])
            yield chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            yield chunk(usage={"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 38})
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    return Starlette(
        routes=[Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])]
    )


def test_a_models_words_that_hold_are_the_answer(tmp_path: Path) -> None:
    with served(speaking("It is £450.00 a month for the rent.")) as engine_url:
        engine = EngineAccess(EngineSpec(text="tiny", kind="openai", url=engine_url, model="tiny"))
        with rag(tmp_path, engine) as url:
            found = ask(url, "How much is the rent?", NOTE, strategy="plain")
            metrics = text_of(url, "/metrics")
    assert found.answer == "It is £450.00 a month for the rent."
    assert (found.answered_by, found.strategy, found.model) == ("model", "plain", "tiny")
    assert [cited.quote for cited in found.citations] == ["The rent is £450 a month."]
    assert found.usage == Usage(prompt_tokens=30, output_tokens=8)
    assert found.warnings == ()
    assert 'casewright_answers_total{answered_by="model",provider="embedded"} 1.0' in metrics


def test_what_is_not_grounded_is_not_asked(echoing: str) -> None:
    found = ask(echoing, "How much is the pension?", NOTE, strategy="plain")
    assert (found.grounded, found.usage, found.warnings) == (False, None, ())


def test_an_engine_that_is_not_there_is_a_warning(url: str) -> None:
    found = ask(url, "How much is the rent?", NOTE, strategy="plain")
    assert found.answer == "The rent is £450 a month."
    assert "(connection_refused)" in found.warnings[0]
    assert found.provider is None


def test_a_broken_provider_file_does_not_stop_answers(tmp_path: Path) -> None:
    path = ProviderFile(tmp_path).path
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with rag(tmp_path) as url:
        found = ask(url, "How much is the rent?", NOTE)
        assert found.grounded
        assert "(storage)" in found.warnings[0]
        assert ask(url, "How much is the rent?", NOTE, strategy="extractive").warnings == ()


GOOD: dict[str, Any] = {"query": "How much?", "documents": ["It is £1."]}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "invalid_request"),
        (b"", 422, "unprocessable_request"),
        (b"[]", 422, "unprocessable_request"),
        (b"\xff\xfe", 400, "invalid_request"),
        (json.dumps({"query": "How much?"}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"documents": []}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"documents": "text"}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"documents": [1]}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"documents": [""] * 65}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"query": " \n"}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"query": ""}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"query": "x" * 4001}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"strategy": "clever"}).encode(), 422, "unprocessable_request"),
        (json.dumps(GOOD | {"docs": []}).encode(), 422, "unprocessable_request"),
        (b'{"query":"How much?","documents":["\\ud800 is \xc2\xa31."]}', 422, "unprocessable_request"),
        (b'{"query":"\\udfff?","documents":["a"]}', 422, "unprocessable_request"),
        (b'{"query":"How much?","documents":[NaN]}', 422, "unprocessable_request"),
    ],
)
def test_bad_input_gets_the_error_shape_and_a_true_status(
    url: str, body: bytes, status: int, kind: str
) -> None:
    found_status, _, found = call(url, "POST", "/query", body)
    assert (found_status, found["error"]["type"]) == (status, kind), found
    assert found["error"]["request_id"]
    assert call(url, "GET", "/live")[0] == 200


def test_a_document_beyond_the_bound_is_named(url: str) -> None:
    body = json.dumps({"query": "q?", "documents": ["a", "b" * (MAX_DOCUMENT_CHARS + 1)]}).encode()
    status, _, found = call(url, "POST", "/query", body)
    assert status == 422
    assert found["error"]["message"].startswith(f"documents.1: {MAX_DOCUMENT_CHARS + 1} characters")


def test_nul_and_empty_documents_are_texts_like_others(url: str) -> None:
    assert ask(url, "How much is the rent?", "\x00", "", NOTE).grounded
    assert ask(url, "\x00?", "\x00").grounded is False


@pytest.mark.alone
def test_live_answers_while_twenty_megabytes_are_read(url: str) -> None:
    page = "The visit on 3 May 2024 took place and the rent was not spoken of, said Mrs Adeyemi.\n" * 5600
    documents = [page[: MAX_DOCUMENT_CHARS - 50] for _ in range(42)]
    documents[-1] += "\nThe ground rent is £77 a year."
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        answer = pool.submit(ask, url, "How much is the ground rent?", *documents)
        answer.add_done_callback(lambda _: done.set())
        slowest, asked = 0.0, 0
        while not done.is_set():
            at = time.monotonic()
            assert call(url, "GET", "/live")[0] == 200
            slowest, asked = max(slowest, time.monotonic() - at), asked + 1
            done.wait(0.02)
        took = time.monotonic() - began
    assert answer.result().citations[0].quote == "The ground rent is £77 a year."
    assert asked > 5
    # parsing 20 MB of JSON is one step of the loop; reading the documents is not on it
    assert slowest < max(1.5, took / 2), (slowest, took)


LARGE = ["The rent is £450. " * 20_000]


@pytest.fixture
def others() -> set[int | None]:
    """The worker processes that are not the test's own."""
    return {child.pid for child in multiprocessing.active_children()}


async def test_a_read_that_takes_too_long_is_ended(others: set[int | None]) -> None:
    readers = Readers(1, 0.001)
    with pytest.raises(ServiceBusy) as late:
        await readers.decide("How much is the rent?", LARGE)
    assert late.value.retry_after_s >= 1
    assert not left(others)


async def test_a_worker_that_dies_is_replaced(others: set[int | None]) -> None:
    readers = Readers(1, 60.0)
    try:
        assert (await readers.decide("How much is the rent?", LARGE)).grounded
        (worker,) = (child for child in multiprocessing.active_children() if child.pid not in others)
        worker.kill()
        worker.join(10)
        with pytest.raises(ServiceFailure):
            await readers.decide("How much is the rent?", LARGE)
        assert (await readers.decide("How much is the rent?", LARGE)).grounded
    finally:
        readers.close()
    assert not left(others)


def left(others: set[int | None]) -> set[int | None]:
    """The test's own workers that are still there when they should have gone."""
    deadline = time.monotonic() + 10
    while True:
        mine = [child for child in multiprocessing.active_children() if child.pid not in others]
        if not mine or time.monotonic() > deadline:
            return {child.pid for child in mine}
        mine[0].join(0.1)


def test_the_configuration_comes_from_the_settings(tmp_path: Path) -> None:
    config = config_from(Settings(data=tmp_path, llm_provider="vllm"), "127.0.0.1", 8003)
    assert (config.kit.name, config.kit.port, config.kit.max_body_bytes) == ("rag", 8003, 50 * 1024 * 1024)
    assert config.llm.from_environment == "vllm"
