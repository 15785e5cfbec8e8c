"""What goes wrong around stored cases: told in the usual shape, nothing lost, /health names what is down."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from casewright.api.rag import MAX_QUERY_CHARS
from casewright.errors import EmbeddingWorkerLost
from ports import free_port
from unit.knowledge.store.chroma_server import serving
from unit.services.rag_served import Service, WordEmbedder, rag, wait_for

LETTER = "The rent of £725.00 is due on 3 May 2026. Our reference is PPR-9087."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with rag(tmp_path) as found:
        yield found


def refused(answer: Any, status: int, kind: str) -> dict[str, str]:
    """The one shape of errors."""
    assert answer.status_code == status, answer.text
    error: dict[str, str] = answer.json()["error"]
    assert set(error) == {"type", "message", "hint", "request_id"}
    assert error["type"] == kind
    assert error["message"]
    assert error["hint"]
    return error


@pytest.mark.parametrize("query", ["", " \n\t", "\u2003", "q" * (MAX_QUERY_CHARS + 1), "q" * 1_000_000])
def test_a_question_that_is_empty_or_huge_is_refused(service: Service, query: str) -> None:
    service.ingest("case-1", letter=LETTER)
    for stream in (False, True):
        body = {"case_id": "case-1", "query": query, "stream": stream}
        refused(service.call("POST", "/query", json=body), 422, "unprocessable_request")
    if len(query) < 10_000:  # a request's head is bounded before anybody reads it
        asked = {"case_id": "case-1", "q": query}
        refused(service.call("GET", "/search", params=asked), 422, "unprocessable_request")


def test_ten_thousand_documents_in_a_question_are_refused_and_named(service: Service) -> None:
    body = {"query": "How much is the rent?", "documents": [LETTER] * 10_000}
    error = refused(service.call("POST", "/query", json=body), 422, "unprocessable_request")
    assert "documents" in error["message"]
    assert "64" in error["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "q", "case_id": 1},
        {"query": "q", "case_id": ["case-1"]},
        {"query": ["q"], "case_id": "case-1"},
        {"query": "q", "case_id": "case-1", "documents": ["d"]},
        {"query": "q", "case_id": "case-1", "stream": "perhaps"},
        {"query": "q", "case_id": "case-1/../case-2"},
        {"query": "q", "case_id": "case-1\n"},
        {"query": "q", "documents": [None]},
        {"query": "q", "documents": {"0": "d"}},
        [],
        "q",
        None,
    ],
)
def test_wrong_types_are_refused(service: Service, body: Any) -> None:
    sent = json.dumps(body).encode()
    answer = service.call("POST", "/query", content=sent, headers={"Content-Type": "application/json"})
    refused(answer, 422, "unprocessable_request")


def test_a_file_that_cannot_be_read_is_kept_with_its_reason_and_can_be_retried(service: Service) -> None:
    answer = service.send("case-1", ("scan.pdf", b"%PDF-1.7 nothing else"))
    (item,) = service.ended(answer.json()["job"]["job_id"])["documents"]
    path, here = f"/documents/{item['document_id']}", {"case_id": "case-1"}
    for _ in range(2):
        kept = service.get(path, params=here)
        assert (kept["status"], kept["version"]) == ("failed", None)
        assert kept["error"]["message"]
        assert kept["error"]["hint"]
        assert [each["name"] for each in service.ask("case-1", "What?")["unread"]] == ["scan.pdf"]
        again = service.call("POST", path + "/retry", params=here)
        assert again.status_code == 202, again.text
        assert service.ended(again.json()["job_id"])["status"] == "failed"
    assert len(list((service.data / "knowledge" / "spool").iterdir())) == 1


def test_without_an_embedding_a_search_goes_by_words_and_says_so(service: Service) -> None:
    service.ingest("case-1", letter=LETTER)
    service.embedder.fail.append(EmbeddingWorkerLost("it died", hint="retry"))
    found = service.search("case-1", "PPR-9087")
    assert found["hits"]
    assert "by words alone" in found["warnings"][0]
    service.embedder.fail.append(EmbeddingWorkerLost("it died", hint="retry"))
    asked = {"case_id": "case-1", "q": "rent", "mode": "dense"}
    refused(service.call("GET", "/search", params=asked), 503, "embedding_worker_lost")


def test_without_an_engine_answers_come_and_health_names_it(service: Service) -> None:
    service.ingest("case-1", letter=LETTER)
    found = service.ask("case-1", "How much is the rent?", strategy="plain")
    assert (found["grounded"], found["answered_by"], found["provider"]) == (True, "code", None)
    assert "(connection_refused)" in found["warnings"][0]
    health = service.get("/health")
    assert (health["status"], health["llm_available"]) == ("degraded", False)
    assert health["reasons"][0].startswith("engine: ")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own for a folder; what fills it is a file ``filler``."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be made here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    filler = folder / "filler"
    handle = os.open(filler, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    size = 1 << 20
    try:
        while size:
            try:
                os.write(handle, b"x" * size)
            except OSError:
                size //= 2
    finally:
        os.close(handle)
    return filler


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own can only be made by root")
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    held = WordEmbedder()
    with small_disk(tmp_path / "data", 96) as data, rag(data, held, again_s=0.1) as service:
        service.ingest("case-1", letter=LETTER)
        assert service.get("/health")["checks"]["store"]
        held.gate.clear()
        calls = held.calls
        long = "The deposit of £900 was returned. " * 5_000
        waiting = service.send_texts("case-1", note=long).json()["job"]
        wait_for("it to be embedded", lambda: held.calls > calls)
        filler = fill(data)
        health = service.call("GET", "/health")
        assert (health.status_code, health.json()["checks"]["store"]) == (503, False)
        assert "store: " in health.json()["reasons"][0]
        for sent in (
            service.send("case-1", ("big.txt", b"The fee is 20 pounds. " * 150_000)),
            service.send_texts("case-1", small="The fee is £20."),
        ):
            assert refused(sent, 503, "disk_full")["hint"]
        held.gate.set()  # what was acknowledged comes to its end on a full disk
        stuck = service.app.state.cases.pipeline
        wait_for("it to have found no room", lambda: stuck.running == 0)
        assert "£725.00" in service.ask("case-1", "How much is the rent?")["answer"]
        filler.unlink()
        job = service.ended(waiting["job_id"])
        (item,) = job["documents"]
        if item["status"] == "failed":
            assert item["error"]["type"] in {"disk_full", "storage"}
            path = f"/documents/{item['document_id']}/retry"
            again = service.call("POST", path, params={"case_id": "case-1"})
            job = service.ended(again.json()["job_id"])
        assert job["status"] == "done"
        assert service.ingest("case-1", small="The fee is £20.")["status"] == "done"
        assert service.get("/cases/case-1")["documents"] == {"ready": 3}
        assert service.get("/health")["checks"]["store"]
        # A job is done a moment before its place in the line is free.
        idle = {"ingest_waiting": 0, "ingest_running": 0}
        wait_for("the line to be free", lambda: service.get("/health")["figures"] == idle)


def test_an_end_that_cannot_be_written_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = WordEmbedder()
    with rag(tmp_path, held, again_s=0.1, workers=1) as service:
        held.gate.clear()
        job = service.send_texts("case-1", letter=LETTER).json()["job"]
        wait_for("it to be embedded", lambda: held.calls > 0)
        backlog = tmp_path / "knowledge" / "queue" / "backlog.sqlite"
        with closing(sqlite3.connect(backlog, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")  # somebody holds the line's file for longer than is waited for
            held.gate.set()
            wait_for("it to be told", lambda: "cannot be written yet" in caplog.text)
            another.execute("ROLLBACK")
        wait_for("it to be gone on with", lambda: service.get("/health")["figures"]["ingest_waiting"] == 0)
        assert service.ended(job["job_id"])["status"] == "done"
        # and whoever works on the line is still there
        assert service.ingest("case-1", note="The deposit is £900.")["status"] == "done"
        nothing = {"ingest_waiting": 0, "ingest_running": 0}
        wait_for("nothing to be at work", lambda: service.get("/health")["figures"] == nothing)


def chroma_of(service: Service) -> bool:
    found: bool = service.get("/health")["checks"]["chroma"]
    return found


@pytest.mark.slow
def test_chroma_may_be_down_at_the_start_come_up_and_die_again(tmp_path: Path) -> None:
    there = tmp_path / "server"
    there.mkdir()
    port = free_port()
    with rag(tmp_path / "data", chroma=("127.0.0.1", port, False), again_s=0.1) as service:
        assert service.get("/health")["status"] == "degraded"
        assert "chroma: " in str(service.get("/health")["reasons"])
        (first,) = service.ingest("case-1", letter=LETTER)["documents"]
        assert service.search("case-1", "PPR-9087")["hits"]
        with serving(there, port):
            wait_for("it to be seen", lambda: chroma_of(service))
            service.ingest("case-1", note="The deposit of £900 was returned.")
            service.app.state.cases.library.settled()
            assert service.search("case-1", "deposit", mode="dense")["hits"]
        assert not chroma_of(service)
        assert {hit["name"] for hit in service.search("case-1", "rent deposit")["hits"]} == {"letter", "note"}
        assert service.ingest("case-1", third="The fee is £20.")["status"] == "done"
        path = f"/documents/{first['document_id']}"
        answer = service.call("DELETE", path, params={"case_id": "case-1"}).json()
        pending = [store["store"] for store in answer["stores"] if store["status"] == "pending"]
        assert pending == ["vectors"]
        assert "letter" not in str(service.search("case-1", "rent")["hits"])
        with serving(there, port):
            wait_for("it to be seen", lambda: chroma_of(service))
            wait_for(
                "the vectors to be dropped",
                lambda: "vacuum" in str(service.get("/erasures?pending=true")["erasures"]),
            )
            assert {hit["name"] for hit in service.search("case-1", "fee deposit")["hits"]} == {
                "note",
                "third",
            }
