"""Documents into a case over real HTTP: acknowledged is safe, the same is nothing new, failures are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.errors import EmbeddingWorkerLost
from unit.services.rag_served import Service, WordEmbedder, rag, wait_for

LETTER = "Dear Ms Patel,\n\nThe rent of £725.00 is due on 3 May 2026. Our reference is PPR-9087.\n"
NOTE = "The deposit of £900 was returned on 7 June 2026."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with rag(tmp_path) as found:
        yield found


def test_a_text_can_be_found_when_its_job_is_done(service: Service) -> None:
    job = service.ingest("case-1", letter=LETTER)
    assert job["status"] == "done"
    (item,) = job["documents"]
    assert (item["status"], item["name"], item["version"]) == ("ready", "letter", 1)
    assert item["chunks"] == item["chunks_total"] > 0
    (hit,) = service.search("case-1", "PPR-9087")["hits"][:1]
    assert hit["document_id"] == item["document_id"]
    assert LETTER[hit["start"] : hit["end"]] == hit["text"]
    assert hit["parts"]


def test_an_answer_from_a_case_names_its_document(service: Service) -> None:
    service.ingest("case-1", letter=LETTER, note=NOTE)
    found = service.ask("case-1", "How much is the rent?")
    assert found["grounded"]
    assert "£725.00" in found["answer"]
    (cited,) = found["citations"]
    assert found["sources"][cited["document"]]["name"] == "letter"
    assert LETTER[cited["start"] : cited["end"]] == cited["quote"]
    assert cited["page"] == 1
    assert found["case_id"] == "case-1"


def test_what_a_case_does_not_say_comes_with_what_is_near_and_what_was_not_read(service: Service) -> None:
    service.ingest("case-1", letter=LETTER)
    service.embedder.fail.append(EmbeddingWorkerLost("it died", hint="retry"))
    failed = service.ingest("case-1", note=NOTE)
    assert failed["status"] == "failed"
    found = service.ask("case-1", "When was the deposit of £900 returned?")
    assert not found["grounded"]
    assert found["citations"] == []
    assert [(each["name"], each["status"], each["reason"]) for each in found["unread"]] == [
        ("note", "failed", "it died")
    ]


def test_a_failure_is_kept_and_can_be_retried(service: Service) -> None:
    service.embedder.fail.append(EmbeddingWorkerLost("it died", hint="retry"))
    (item,) = service.ingest("case-1", note=NOTE)["documents"]
    assert (item["status"], item["error"]["type"]) == ("failed", "embedding_worker_lost")
    path = f"/documents/{item['document_id']}"
    here = {"case_id": "case-1"}
    kept = service.get(path, params=here)
    assert (kept["status"], kept["error"]["message"], kept["version"]) == ("failed", "it died", None)
    again = service.call("POST", path + "/retry", params=here)
    assert again.status_code == 202, again.text
    assert service.ended(again.json()["job_id"])["status"] == "done"
    assert service.get(path, params=here)["error"] is None
    assert service.search("case-1", "deposit")["hits"]
    refused = service.call("POST", path + "/retry", params=here)
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "not_ready")


def test_the_same_bytes_again_are_the_same_document(service: Service) -> None:
    (first,) = service.ingest("case-1", letter=LETTER)["documents"]
    calls = service.embedder.calls
    answer = service.send_texts("case-1", copy=LETTER).json()
    (again,) = answer["job"]["documents"]
    assert (again["document_id"], again["status"]) == (first["document_id"], "unchanged")
    assert answer["job"]["status"] == "done"
    assert "nothing was done" in answer["notes"][0]
    assert service.embedder.calls == calls
    assert service.get("/cases/case-1/documents")["total"] == 1


def test_the_same_bytes_in_another_case_are_another_document(service: Service) -> None:
    (first,) = service.ingest("case-1", letter=LETTER)["documents"]
    (other,) = service.ingest("case-2", letter=LETTER)["documents"]
    assert other["document_id"] != first["document_id"]


def test_a_newer_version_takes_the_older_ones_place(service: Service) -> None:
    (first,) = service.ingest("case-1", letter=LETTER)["documents"]
    service.embedder.gate.clear()
    answer = service.send_texts("case-1", letter=LETTER.replace("725", "750")).json()
    (item,) = answer["job"]["documents"]
    assert (item["document_id"], item["version"]) == (first["document_id"], 2)
    assert "£725.00" in service.search("case-1", "rent", mode="bm25")["hits"][0]["text"]
    service.embedder.gate.set()
    service.ended(answer["job"]["job_id"])
    texts = [hit["text"] for hit in service.search("case-1", "rent")["hits"]]
    assert texts
    assert all("£750.00" in text and "£725.00" not in text for text in texts)
    assert service.get(f"/documents/{first['document_id']}", params={"case_id": "case-1"})["version"] == 2


def test_files_of_a_form_are_read_here_where_there_is_no_document_service(service: Service) -> None:
    page = b"<html><body><h1>Notice</h1><p>The hearing is on 9 July 2026.</p></body></html>"
    answer = service.send("case-1", ("../notice.html", page), ("note.txt", NOTE.encode()))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["job"]["links"]["self"]
    job = service.ended(answer.json()["job"]["job_id"])
    assert [item["name"] for item in job["documents"]] == ["notice.html", "note.txt"]
    assert job["status"] == "done", job
    assert "9 July 2026" in service.ask("case-1", "When is the hearing?")["answer"]


def test_a_file_that_cannot_be_read_says_why(service: Service) -> None:
    answer = service.send("case-1", ("scan.pdf", b"%PDF-1.7 nothing else"))
    job = service.ended(answer.json()["job"]["job_id"])
    (item,) = job["documents"]
    assert job["status"] == "failed"
    assert item["error"]["message"]
    assert item["error"]["hint"]


def test_progress_is_told_until_the_end(service: Service) -> None:
    service.embedder.gate.clear()
    job_id = service.send_texts("case-1", letter=LETTER, note=NOTE).json()["job"]["job_id"]
    service.embedder.gate.set()
    told = service.events("GET", f"/jobs/{job_id}/events")
    assert {name for name, _ in told[:-1]} <= {"progress"}
    assert told[-1][0] == "done"
    assert told[-1][1]["ended"] is not None
    assert service.events("GET", f"/jobs/{job_id}/events") == [told[-1]]


def test_what_was_acknowledged_is_read_by_the_next_process(tmp_path: Path) -> None:
    held = WordEmbedder()
    held.gate.clear()
    with rag(tmp_path, held) as service:
        jobs = [
            service.send_texts("case-1", **{f"note-{number}": f"{NOTE} Number {number}."}).json()["job"]
            for number in range(4)
        ]
        wait_for("the first to be embedded", lambda: held.calls > 0)
    with rag(tmp_path) as service:
        for job in jobs:
            assert service.ended(job["job_id"])["status"] == "done"
        assert service.search("case-1", "deposit")["chunks"] == 4


def test_the_line_is_bounded(tmp_path: Path) -> None:
    held = WordEmbedder()
    held.gate.clear()
    with rag(tmp_path, held, waiting=2, workers=1) as service:
        service.send_texts("case-1", first=NOTE)
        wait_for("it to be at work", lambda: held.calls > 0)
        full = {f"n{number}": f"{NOTE} {number}" for number in range(3)}
        refused = service.send_texts("case-1", **full)
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "service_busy")
        assert int(refused.headers["retry-after"]) > 0
        assert service.send_texts("case-1", a="a text", b="b text").status_code == 202
        assert service.send_texts("case-1", c="c text").status_code == 503
        assert service.get("/health")["figures"] == {"ingest_waiting": 2, "ingest_running": 1}
        held.gate.set()


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "invalid_request"),
        (b"[]", 422, "unprocessable_request"),
        (json.dumps({"texts": [{"name": "a", "text": "b"}]}).encode(), 422, "unprocessable_request"),
        (json.dumps({"case_id": "../x", "texts": [{"name": "a", "text": "b"}]}).encode(), 422, None),
        (json.dumps({"case_id": "a", "texts": []}).encode(), 422, None),
        (json.dumps({"case_id": "a", "texts": [{"name": "a", "text": " "}]}).encode(), 422, None),
        (json.dumps({"case_id": "a", "texts": [{"name": "a", "text": "b", "x": 1}]}).encode(), 422, None),
        (json.dumps({"case_id": "a", "texts": [{"name": "a", "text": "b"}] * 65}).encode(), 422, None),
        (b'{"case_id":"a","texts":[{"name":"a","text":"\\ud800"}]}', 400, "invalid_request"),
    ],
)
def test_bad_texts_are_refused_in_the_usual_shape(
    service: Service, body: bytes, status: int, kind: str | None
) -> None:
    answer = service.call("POST", "/ingest", content=body, headers={"Content-Type": "application/json"})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (status, kind or "unprocessable_request")
    assert error["hint"]
    assert service.get("/cases")["total"] == 0


def test_bad_forms_are_refused_in_the_usual_shape(service: Service) -> None:
    one = [("files", ("a.txt", b"text"))]
    refused = [
        service.call("POST", "/ingest", files=one),
        service.call("POST", "/ingest", data={"case_id": "a"}, files=[("other", ("a.txt", b"text"))]),
        service.call("POST", "/ingest", data={"case_id": "a/b"}, files=one),
        service.call("POST", "/ingest", data={"case_id": ["a", "b"]}, files=one),
        service.call("POST", "/ingest", data={"case_id": "a"}, files=[("files", ("a.txt", b""))]),
        service.call("POST", "/ingest", data={"case_id": "a", "files": "text"}),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 422, 422, 422, 415]
    assert service.get("/cases")["total"] == 0
    spool = service.data / "knowledge" / "spool"
    assert list(spool.iterdir()) == []


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with rag(tmp_path, file_bytes=1000) as service:
        answer = service.send("case-1", ("a.txt", b"x" * 1001))
        assert (answer.status_code, answer.json()["error"]["type"]) == (413, "body_too_large")
        assert list((tmp_path / "knowledge" / "spool").iterdir()) == []
