"""Cases apart from each other, erased with a certificate, and what /health and /metrics say of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unit.services.documents_served import canary
from unit.services.rag_served import Service, WordEmbedder, _vector, rag, wait_for

SECRET = "xylophonesecret"
TEXT = f"The password of the account is {SECRET}. The rent is £450."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with rag(tmp_path) as found:
        yield found


def test_no_question_reaches_another_case(service: Service) -> None:
    (theirs,) = service.ingest("case-1", letter=TEXT)["documents"]
    service.ingest("case-2", note="The weather is fine.")
    for mode in ("hybrid", "dense", "bm25"):
        assert SECRET not in str(service.search("case-2", SECRET, mode=mode)["hits"])
    assert SECRET not in str(service.ask("case-2", f"What is the password {SECRET}?")["citations"])
    for method, path in (
        ("GET", "/documents/{}"),
        ("DELETE", "/documents/{}"),
        ("POST", "/documents/{}/retry"),
    ):
        guessed = service.call(method, path.format(theirs["document_id"]), params={"case_id": "case-2"})
        unknown = service.call(method, path.format("0" * 32), params={"case_id": "case-2"})
        assert guessed.status_code == unknown.status_code == 404
        assert guessed.json()["error"]["message"] == unknown.json()["error"]["message"]
    assert service.search("case-1", SECRET)["hits"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/cases/nobody"),
        ("DELETE", "/cases/nobody"),
        ("GET", "/cases/nobody/documents"),
        ("GET", "/search?case_id=nobody&q=rent"),
        ("GET", "/documents/nothing?case_id=nobody"),
        ("DELETE", "/documents/nothing?case_id=nobody"),
        ("GET", "/jobs/nothing"),
        ("GET", "/jobs/nothing/events"),
    ],
)
def test_what_is_not_there_is_404(service: Service, method: str, path: str) -> None:
    answer = service.call(method, path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found")


def test_a_question_to_a_case_that_is_not_there_is_404_also_as_a_stream(service: Service) -> None:
    for stream in (False, True):
        body = {"case_id": "nobody", "query": "What?", "stream": stream}
        assert service.call("POST", "/query", json=body).status_code == 404


@pytest.mark.parametrize("path", ["/search?q=rent", "/documents/x", "/search?case_id=case-1"])
def test_a_case_must_be_named(service: Service, path: str) -> None:
    assert service.call("GET", path).status_code == 422


def test_an_erased_document_is_in_no_file_any_more(service: Service) -> None:
    (item,) = service.ingest("case-1", letter=TEXT)["documents"]
    service.ingest("case-1", other="Nothing of interest is said here.")
    folders = [service.data]
    assert canary(SECRET, folders)
    answer = service.call("DELETE", f"/documents/{item['document_id']}", params={"case_id": "case-1"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["complete"], found
    assert {store["status"] for store in found["stores"]} == {"erased"}
    assert canary(SECRET, folders) == []
    vector = np.asarray(_vector(TEXT), dtype=np.float32).tobytes()[:64]
    assert [p for p in service.data.rglob("*") if p.is_file() and vector in p.read_bytes()] == []
    assert service.get("/cases/case-1/documents")["total"] == 1
    assert SECRET not in str(service.search("case-1", SECRET)["hits"])


def test_an_erased_case_is_in_no_file_any_more(service: Service) -> None:
    service.ingest("case-xyzzy", letter=TEXT)
    answer = service.call("DELETE", "/cases/case-xyzzy")
    assert answer.status_code == 200, answer.text
    assert answer.json()["complete"], answer.text
    assert canary(SECRET, [service.data]) == []
    assert canary("case-xyzzy", [service.data]) == []
    assert service.call("GET", "/cases/case-xyzzy").status_code == 404


def test_a_document_is_erased_while_it_is_being_read(tmp_path: Path) -> None:
    held = WordEmbedder()
    held.gate.clear()
    with rag(tmp_path, held) as service:
        job = service.send_texts("case-1", letter=TEXT).json()["job"]
        wait_for("it to be embedded", lambda: held.calls > 0)
        (item,) = job["documents"]
        answer = service.call("DELETE", f"/documents/{item['document_id']}", params={"case_id": "case-1"})
        assert answer.json()["complete"], answer.text
        held.gate.set()
        assert canary(SECRET, [tmp_path]) == []
        assert service.get("/cases/case-1/documents")["total"] == 0
        assert service.ingest("case-1", letter=TEXT)["status"] == "done"


def test_what_failed_is_erased_with_its_upload(service: Service) -> None:
    from casewright.errors import EmbeddingWorkerLost

    service.embedder.fail.append(EmbeddingWorkerLost("it died", hint="retry"))
    (item,) = service.ingest("case-1", letter=TEXT)["documents"]
    assert canary(SECRET, [service.data / "knowledge" / "spool"])
    service.call("DELETE", f"/documents/{item['document_id']}", params={"case_id": "case-1"})
    assert canary(SECRET, [service.data]) == []


def test_cases_are_listed_with_their_documents(service: Service) -> None:
    service.ingest("b", one=TEXT, two="Another text.")
    service.ingest("a", one=TEXT)
    found = service.get("/cases")
    assert [case["case_id"] for case in found["cases"]] == ["a", "b"]
    assert found["cases"][1]["documents"] == {"ready": 2}
    assert service.get("/cases", params={"limit": 1, "offset": 1})["cases"][0]["case_id"] == "b"
    assert service.get("/cases/b")["chunks"] == 2


def test_health_says_how_each_part_is(service: Service) -> None:
    found = service.get("/health")
    assert found["checks"] == {"store": True, "chroma": True, "embedder": True, "documents": True}
    assert found["status"] == "degraded"
    assert found["limits"]["ingest_waiting"] == 256


def test_metrics_count_documents_chunks_and_searches(service: Service) -> None:
    service.ingest("case-1", one=TEXT)
    service.search("case-1", "rent")
    text = service.call("GET", "/metrics").text
    for line in (
        'casewright_documents{state="ready"} 1.0',
        "casewright_chunks 1.0",
        'casewright_ingest_seconds_count{part="embed"} 1.0',
        'casewright_retrieval_seconds_count{part="all"} 1.0',
    ):
        assert line in text, line


def test_an_index_of_another_embedding_is_refused_with_the_fix(tmp_path: Path) -> None:
    with rag(tmp_path) as service:
        service.ingest("case-1", one=TEXT)
    with rag(tmp_path, WordEmbedder(version="2")) as service:
        answer = service.call("GET", "/search", params={"case_id": "case-1", "q": "rent"})
        assert answer.status_code == 500
        assert "casewright reindex" in answer.json()["error"]["hint"]
        assert service.search("case-1", "rent", mode="bm25")["hits"]
        refused = service.ingest("case-1", two="Another text.")
        assert "casewright reindex" in refused["documents"][0]["error"]["hint"]
        told = service.events("POST", "/cases/case-1/reindex")
        assert [name for name, _ in told][-1] == "done"
        assert told[-1][1] == {"done": 1, "total": 1}
        assert service.search("case-1", "rent")["hits"]
        again = service.call(
            "POST",
            f"/documents/{refused['documents'][0]['document_id']}/retry",
            params={"case_id": "case-1"},
        )
        assert service.ended(again.json()["job_id"])["status"] == "done"
    with rag(tmp_path, WordEmbedder(version="2")) as service:
        assert service.search("case-1", "Another text", mode="dense")["chunks"] == 2


def test_an_answer_can_be_listened_to(service: Service) -> None:
    service.ingest("case-1", letter=TEXT)
    body = {"case_id": "case-1", "query": "How much is the rent?", "stream": True}
    told = service.events("POST", "/query", json=body)
    assert [name for name, _ in told] == ["passages", "sentence", "citations", "done"]
    whole = told[-1][1]
    assert "£450" in whole["answer"]
    assert told[0][1]["hits"][0]["text"]
    assert told[1][1]["citations"] == whole["citations"] == told[2][1]["citations"]


def test_documents_in_the_request_can_be_listened_to_as_well(service: Service) -> None:
    body = {"documents": [TEXT], "query": "How much is the rent?", "stream": True}
    told = service.events("POST", "/query", json=body)
    assert [name for name, _ in told] == ["sentence", "citations", "done"]


@pytest.mark.parametrize("more", [{}, {"case_id": "case-1", "documents": ["text"]}])
def test_a_question_is_to_documents_or_to_a_case(service: Service, more: dict[str, object]) -> None:
    answer = service.call("POST", "/query", json={"query": "What?", **more})
    assert (answer.status_code, answer.json()["error"]["type"]) == (422, "unprocessable_request")
