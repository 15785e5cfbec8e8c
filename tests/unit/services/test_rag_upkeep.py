"""What is counted truthfully, what does not grow for ever, and what is free again when its asker has left."""

from __future__ import annotations

import json
import multiprocessing
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from casewright.services.llm import EngineAccess
from casewright.values import EngineSpec
from serving import served
from unit.services.rag_served import Service, WordEmbedder, rag, wait_for
from unit.services.test_rag_service import speaking

LETTER = "The rent is £450 a month. The landlord is Mr Patel."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with rag(tmp_path) as found:
        yield found


def counted(service: Service, name: str) -> dict[str, float]:
    """A metric's samples that are not nought, by their labels."""
    found = {}
    for line in service.call("GET", "/metrics").text.splitlines():
        if line.startswith(name + "{"):
            labels, value = line.removeprefix(name).rsplit(" ", 1)
            if float(value):
                found[labels.strip("{}")] = float(value)
    return found


def ask(service: Service, query: str, *, stream: bool, **more: Any) -> None:
    body = {"case_id": "case-1", "query": query, "stream": stream, **more}
    assert service.call("POST", "/query", json=body).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_counted_by_who_wrote_them_also_when_streamed(tmp_path: Path, *, stream: bool) -> None:
    with served(speaking("It is £450.00 a month for the rent.")) as url:
        engine = EngineAccess(EngineSpec(text="tiny", kind="openai", url=url, model="tiny"))
        with rag(tmp_path, engine=engine) as service:
            service.ingest("case-1", letter=LETTER)
            ask(service, "How much is the rent?", stream=stream, strategy="plain")
            ask(service, "How much is the rent?", stream=stream, strategy="extractive")
            ask(service, "Who is the landlord?", stream=stream, strategy="plain")
            ask(service, "How much is the pension?", stream=stream, strategy="plain")
            answers = counted(service, "casewright_answers_total")
            asked = counted(service, "casewright_model_asked_total")
            sentences = counted(service, "casewright_model_sentences_total")
    by_writer: dict[str, float] = {}
    for labels, number in answers.items():
        writer = labels.split('"')[1]
        by_writer[writer] = by_writer.get(writer, 0) + number
    assert by_writer == {"model": 1, "code": 2, "none": 1}
    assert asked == {'outcome="held"': 1, 'outcome="removed"': 1, 'outcome="not_asked"': 2}
    assert sentences == {'outcome="held"': 1, 'outcome="removed"': 1}


def test_an_engine_that_is_asked_and_not_there_is_counted_as_asked(service: Service) -> None:
    service.ingest("case-1", letter=LETTER)
    ask(service, "How much is the rent?", stream=False, strategy="plain")
    assert counted(service, "casewright_model_asked_total") == {'outcome="nothing"': 1}


def test_jobs_that_ended_long_ago_are_forgotten_and_what_they_brought_stays(tmp_path: Path) -> None:
    held = WordEmbedder()
    with rag(tmp_path, held, job_days=0, again_s=0.05) as service:
        ended = service.send_texts("case-1", letter=LETTER).json()["job"]["job_id"]
        path = f"/jobs/{ended}"
        wait_for("it to be forgotten", lambda: service.call("GET", path).status_code == 404)
        wait_for("it to be found", lambda: bool(service.search("case-1", "rent")["hits"]))
        held.gate.clear()
        calls = held.calls
        running = service.send_texts("case-1", note="The deposit is £900.").json()["job"]["job_id"]
        wait_for("it to be at work", lambda: held.calls > calls)
        tidied = service.app.state.cases.library.prune_jobs("9999-01-01T00:00:00.000+00:00")
        assert tidied == 0
        assert service.get(f"/jobs/{running}")["status"] == "running"
        held.gate.set()
        wait_for("it to be forgotten", lambda: service.call("GET", f"/jobs/{running}").status_code == 404)
        wait_for("both", lambda: service.get("/cases/case-1")["documents"] == {"ready": 2})


def test_jobs_are_kept_for_as_long_as_is_set(tmp_path: Path) -> None:
    with rag(tmp_path, again_s=0.05) as service:
        job = service.ingest("case-1", letter=LETTER)
        assert service.app.state.cases.library.prune_jobs(job["created"]) == 0
        assert service.get(f"/jobs/{job['job_id']}") == job


def test_a_documents_media_type_is_what_its_content_is(service: Service) -> None:
    page = b"<html><body><p>The hearing is on 9 July 2026.</p></body></html>"
    answer = service.call(
        "POST",
        "/ingest",
        data={"case_id": "case-1"},
        files=[("files", ("a.pdf", page, "application/pdf"))],
    )
    service.ended(answer.json()["job"]["job_id"])
    service.ingest("case-1", text=LETTER)
    found = {
        document["name"]: document["media_type"]
        for document in service.get("/cases/case-1/documents")["documents"]
    }
    assert found == {"a.pdf": "text/html", "text": "text/plain"}


def test_listings_come_in_pages_of_a_bounded_size(service: Service) -> None:
    service.ingest("case-1", **{f"note-{number}": f"Note number {number}." for number in range(7)})
    listed = service.get("/cases/case-1/documents")
    assert listed["total"] == 7
    pages = [
        service.get("/cases/case-1/documents", params={"limit": 3, "offset": offset}) for offset in (0, 3, 6)
    ]
    assert [len(page["documents"]) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in page["documents"]] == listed["documents"]
    for document in listed["documents"][:3]:
        service.call("DELETE", f"/documents/{document['document_id']}", params={"case_id": "case-1"})
    erasures = service.get("/erasures", params={"limit": 2})
    assert (len(erasures["erasures"]), erasures["total"]) == (2, 3)
    assert len(service.get("/erasures", params={"limit": 2, "offset": 2})["erasures"]) == 1
    assert service.get("/erasures?pending=true") == {"erasures": [], "total": 0, "offset": 0}
    for path in ("/cases", "/cases/case-1/documents", "/erasures"):
        for wrong in ({"limit": 201}, {"limit": 0}, {"offset": -1}):
            assert service.call("GET", path, params=wrong).status_code == 422


def begin(service: Service, head: str, body: bytes) -> socket.socket:
    """A request that is sent as far as this."""
    host, port = urlsplit(service.url).netloc.split(":")
    line = socket.create_connection((host, int(port)), timeout=30)
    line.sendall(f"{head}\r\nHost: {host}:{port}\r\n".encode() + body)
    return line


def post(service: Service, path: str, body: Any) -> socket.socket:
    sent = json.dumps(body).encode()
    head = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode()
    return begin(service, f"POST {path} HTTP/1.1", head + sent)


def test_who_leaves_a_streamed_answer_frees_what_it_held(tmp_path: Path) -> None:
    held = WordEmbedder()
    with rag(tmp_path, held) as service:
        service.ingest("case-1", letter=LETTER)
        gate = service.app.state.gate
        held.gate.clear()
        lines = [
            post(service, "/query", {"case_id": "case-1", "query": "How much is the rent?", "stream": True})
            for _ in range(3)
        ]
        wait_for("all to be inside", lambda: gate.inside + gate.waiting == 3)
        for line in lines:
            line.close()
        wait_for("all to have left", lambda: gate.inside + gate.waiting == 0)
        held.gate.set()
        assert service.ask("case-1", "How much is the rent?")["grounded"]
        assert gate.inside == 0


def test_who_leaves_a_long_answer_frees_its_worker(service: Service) -> None:
    readers, gate = service.app.state.readers, service.app.state.gate
    others = set(multiprocessing.active_children())
    # so long that nobody waits for its end here
    documents = [f"{LETTER} Number {number}. " * 6_000 for number in range(40)]
    line = post(service, "/query", {"query": "How much is the rent?", "documents": documents, "stream": True})
    wait_for("it to be read", lambda: readers.inside == 1 and set(multiprocessing.active_children()) > others)
    line.close()
    wait_for("its place to be free", lambda: (readers.inside, gate.inside) == (0, 0))
    wait_for("its worker to be ended", lambda: set(multiprocessing.active_children()) <= others)
    body = {"query": "How much is the rent?", "documents": [LETTER * 4_500]}
    assert service.call("POST", "/query", json=body).json()["grounded"]


def test_who_leaves_a_jobs_events_frees_the_stream(tmp_path: Path) -> None:
    held = WordEmbedder()
    held.gate.clear()
    with rag(tmp_path, held) as service:
        job_id = service.send_texts("case-1", letter=LETTER).json()["job"]["job_id"]
        streams = service.app.state.cases.streams
        line = begin(service, f"GET /jobs/{job_id}/events HTTP/1.1", b"\r\n")
        wait_for("it to be open", lambda: streams.open == 1)
        line.close()
        wait_for("it to be closed", lambda: streams.open == 0)
        held.gate.set()
        assert service.ended(job_id)["status"] == "done"


def test_who_leaves_in_the_middle_of_an_upload_leaves_nothing(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="case_id"\r\n\r\ncase-1\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + b"x" * 3_000_000
    line = begin(service, "POST /ingest HTTP/1.1", head + part + file)
    wait_for("it to arrive", lambda: "in_flight 2.0" in service.call("GET", "/metrics").text)
    line.close()
    wait_for("it to be over", lambda: "in_flight 1.0" in service.call("GET", "/metrics").text)
    for folder in ("spool", "forms"):
        assert list((service.data / "knowledge" / folder).iterdir()) == []
    assert service.get("/cases")["total"] == 0
    assert "defect" not in caplog.text
