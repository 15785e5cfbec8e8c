"""The walls between cases, and what is left of what was erased, in any file of both services."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from casewright.api.client import ClientConfig
from casewright.knowledge.backup import backup
from unit.documents.making import pdf
from unit.services import documents_served
from unit.services.rag_served import Service, rag, wait_for

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = "http://127.0.0.1:9"
SECRET = "xylophonequokka"
KEPT = "The weather in Leeds is fine, and the bus was late. "


def settings_of(url: str) -> dict[str, Any]:
    return {"documents": ClientConfig(NOWHERE, NOWHERE, url), "documents_wanted": True, "again_s": 0.1}


@pytest.fixture
def pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Service, documents_served.Service]]:
    """Both services; what they put into the system's temporary directory lies below ``tmp_path`` too."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    data = tmp_path / "data"
    with (
        documents_served.documents(data) as documents,
        rag(data, exact_below=8, **settings_of(documents.url)) as found,
    ):
        yield found, documents


def vectors_of(data: Path, document: str) -> list[bytes]:
    """The vectors of a document, as its case's file holds them."""
    found: list[bytes] = []
    for path in data.glob("knowledge/cases/*/*/text.sqlite"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT vector FROM vectors WHERE chunk IN "
                "(SELECT c.id FROM chunks c JOIN papers p ON p.id = c.paper WHERE p.document = ?)",
                (document,),
            )
            found += [row[0] for row in rows]
    return found


def everything_of(words: list[str], vectors: list[bytes], originals: list[bytes]) -> dict[str, bytes]:
    """What may be left nowhere, by what it is."""
    wanted: dict[str, bytes] = {}
    for word in words:
        for code in ("utf-8", "utf-16-le", "utf-16-be"):
            wanted[f"{word} in {code}"] = word.encode(code)
    for place, vector in enumerate(vectors):
        wanted[f"vector {place}"] = vector
        wanted[f"part of vector {place}"] = vector[64:128]
    for place, original in enumerate(originals):
        half = len(original) // 2
        wanted[f"bytes of original {place}"] = original[half : half + 48]
        wanted[f"original {place}, deflated"] = zlib.compress(original)[2:50]
    return wanted


def traces(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError):  # removed meanwhile, or a folder
            continue
        found += [f"{what} in {path}" for what, said in wanted.items() if said in content]
        found += [f"{what} names {path}" for what, said in wanted.items() if said in str(path).encode()]
    return found


def put(service: Service, case_id: str, name: str, content: bytes, **fields: str) -> dict[str, Any]:
    """One file into a case; its item at the job's end."""
    answer = service.call(
        "POST", "/ingest", data={"case_id": case_id, **fields}, files=[("files", (name, content))]
    )
    assert answer.status_code == 202, answer.text
    item: dict[str, Any] = service.ended(answer.json()["job"]["job_id"])["documents"][0]
    return item


def erase(service: Service, document: str) -> dict[str, Any]:
    answer = service.call("DELETE", f"/documents/{document}", params={"case_id": "case-1"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_two_hundred_questions_with_guessed_ids_reach_no_other_case(tmp_path: Path) -> None:
    with rag(tmp_path) as service:
        done = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "isolation.py", "--requests", "200", "--url", service.url],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"leaks": 0' in done.stdout


def test_nothing_of_erased_files_is_in_any_file_of_both_services(
    pair: tuple[Service, documents_served.Service], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service, documents = pair
    caplog.set_level(logging.DEBUG)
    # a form keeps what is longer than a megabyte on the disk meanwhile
    long = f"<html><!-- {SECRET} {'x' * 1_100_000} --><p>The password is {SECRET}.</p></html>".encode()
    sent = {
        "letter.pdf": pdf([f"The password is {SECRET}, and the rent is 450 pounds."], ["The second page."]),
        f"{SECRET}.html": long,
        f"{SECRET} broken.pdf": b"%PDF-1.7 nothing else " + SECRET.encode() * 20,
    }
    items = [put(service, "case-1", name, content) for name, content in sent.items()]
    assert [item["status"] for item in items] == ["ready", "ready", "failed"]
    text = service.ingest("case-1", **{f"{SECRET} text": f"A text with {SECRET} in it."})["documents"][0]
    service.ingest("case-1", **{f"kept-{number}": f"{KEPT * 40}{number}" for number in range(3)})
    service.app.state.cases.library.settled()
    assert list(service.data.glob("knowledge/cases/*/*/vectors-*")), "Chroma holds none of it"
    for stream in (False, True):
        body = {"case_id": "case-1", "query": "What is the password?", "stream": stream}
        assert SECRET in service.call("POST", "/query", json=body).text
    for item in items[:1]:
        shown = service.get(f"/documents/{item['document_id']}", params={"case_id": "case-1"})
        assert documents.get(f"/documents/{shown['original']}/pages/1.png").status_code == 200
    every = [*items, text]
    vectors = [one for item in every for one in vectors_of(service.data, item["document_id"])]
    hashes = [
        service.get(f"/documents/{item['document_id']}", params={"case_id": "case-1"})["sha256"]
        for item in every
    ]
    wanted = everything_of([SECRET, *hashes], vectors, list(sent.values()))
    before = traces(tmp_path, wanted)
    assert vectors
    assert {part for part in ("vectors-", "text.sqlite", "documents/") if part in str(before)} == {
        "vectors-",
        "text.sqlite",
        "documents/",
    }

    certificates = [erase(service, item["document_id"]) for item in every]
    assert all(each["complete"] for each in certificates), certificates
    stores = {store["store"].split(" ")[0] for each in certificates for store in each["stores"]}
    assert stores == {"catalogue", "texts", "vectors", "original"}
    assert traces(tmp_path, wanted) == []
    service.app.state.cases.library.settled()
    assert traces(tmp_path, wanted) == []
    assert SECRET not in caplog.text
    assert service.get("/cases/case-1/documents")["total"] == 3
    assert SECRET not in str(service.search("case-1", "password")["hits"])


def test_a_job_knows_nothing_of_what_was_erased(service: Service) -> None:
    job = service.ingest("case-1", **{SECRET: "The rent is £450."})
    erase(service, job["documents"][0]["document_id"])
    (item,) = service.get(f"/jobs/{job['job_id']}")["documents"]
    assert (item["status"], item["name"], item["error"], item["warnings"]) == ("deleted", "", None, [])
    service.call("DELETE", "/cases/case-1")
    assert service.call("GET", f"/jobs/{job['job_id']}").status_code == 404


def test_a_job_of_another_case_is_not_there(service: Service) -> None:
    job = service.ingest("case-1", letter="The rent is £450.")
    service.ingest("case-2", letter="The weather is fine.")
    for path in ("/jobs/{}", "/jobs/{}/events"):
        there, never = (
            service.call("GET", path.format(job_id), params={"case_id": "case-2"})
            for job_id in (job["job_id"], "0" * 36)
        )
        assert (there.status_code, never.status_code) == (404, 404)
        assert there.json()["error"]["message"] == never.json()["error"]["message"]
    assert service.get(f"/jobs/{job['job_id']}", params={"case_id": "case-1"}) == job


def test_a_backup_that_holds_it_keeps_an_erasure_pending_until_it_is_gone(tmp_path: Path) -> None:
    saved = tmp_path / "saved.tar"
    with rag(tmp_path / "data", again_s=0.05) as service:
        (item,) = service.ingest("case-1", letter=f"The password is {SECRET}.")["documents"]
        backup(service.data, saved)
        found = erase(service, item["document_id"])
        (pending,) = [store for store in found["stores"] if store["status"] == "pending"]
        assert (pending["store"], str(saved) in pending["reason"]) == ("backups", True)
        saved.unlink()
        wait_for("it to be complete", lambda: service.get("/erasures?pending=true")["total"] == 0)
        assert service.get("/erasures")["erasures"][0]["complete"]


def test_a_file_with_a_password_is_read_with_it_and_the_password_is_written_nowhere(
    pair: tuple[Service, documents_served.Service], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service, _ = pair
    caplog.set_level(logging.DEBUG)
    locked = pdf(["The hearing is on 9 July 2026."], password="canary-pw-5d1")
    item = put(service, "case-1", "locked.pdf", locked)
    assert (item["status"], item["error"]["type"]) == ("failed", "encrypted_document")
    assert "password" in item["error"]["message"] + item["error"]["hint"]
    path = f"/documents/{item['document_id']}/retry"
    for password, status in (("wrong", "failed"), ("canary-pw-5d1", "done")):
        again = service.call("POST", path, params={"case_id": "case-1"}, data={"password": password})
        assert again.status_code == 202, again.text
        assert service.ended(again.json()["job_id"])["status"] == status
    assert "9 July 2026" in service.ask("case-1", "When is the hearing?")["answer"]
    assert put(service, "case-2", "locked.pdf", locked, password="canary-pw-5d1")["status"] == "ready"
    assert traces(tmp_path, everything_of(["canary-pw-5d1"], [], [])) == []
    assert "canary-pw-5d1" not in caplog.text
    refused = httpx.post(
        f"{service.url}/ingest",
        data={"case_id": "case-1", "password": "x" * 1001},
        files=[("files", ("a.pdf", locked))],
    )
    assert (refused.status_code, refused.json()["error"]["type"]) == (422, "unprocessable_request")


def test_a_file_with_a_password_is_read_in_here_too(service: Service) -> None:
    locked = pdf(["The hearing is on 9 July 2026."], password="y")
    assert put(service, "case-1", "locked.pdf", locked, password="x")["error"]["type"] == "encrypted_document"
    assert put(service, "case-1", "locked.pdf", locked, password="y")["status"] == "ready"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with rag(tmp_path) as found:
        yield found
