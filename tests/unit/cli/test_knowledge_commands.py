"""``casewright reindex``, ``doctor``, ``backup`` and ``restore``: with a service that runs, and by hand."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from casewright.cli.main import run
from casewright.errors import EXIT_FAILURE
from casewright.knowledge.models import find_model
from casewright.knowledge.store import Library
from unit.services.rag_served import WordEmbedder, rag

NOWHERE = "http://127.0.0.1:9"
TEXT = "The rent is £450 a month."


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path))
    monkeypatch.setenv("RAG_URL", NOWHERE)
    monkeypatch.setenv("CASEWRIGHT_EMBEDDER", "wordllama")
    return tmp_path


def test_cases_are_indexed_anew_where_no_service_runs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
    assert run(["reindex"]) == 0
    assert "1 cases" in capsys.readouterr().out
    stamp = find_model("wordllama").stamp
    library = Library(data, stamp=stamp)
    library.open()
    try:
        index = library.case("case-1")
        assert index.stamp == stamp
        assert index.size() == 1
    finally:
        library.close()


def test_a_running_service_does_it_itself(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
        service.ingest("case-2", letter=TEXT)
    with rag(data, WordEmbedder(version="2")) as service:
        monkeypatch.setenv("RAG_URL", service.url)
        assert run(["reindex", "case-2"]) == 0
        assert service.search("case-2", "rent", mode="dense")["hits"]
        assert service.call("GET", "/search?case_id=case-1&q=rent").status_code == 500
        assert run(["reindex"]) == 0
        assert "2 cases" in capsys.readouterr().out
        assert service.search("case-1", "rent", mode="dense")["hits"]


def test_a_case_that_is_not_there_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
    assert run(["reindex", "nobody"]) == EXIT_FAILURE
    assert "no such case" in capsys.readouterr().err


def change(data: Path, statement: str) -> None:
    """In the texts of every case."""
    for path in data.glob("knowledge/cases/*/*/text.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()


@pytest.mark.parametrize("served", [True, False], ids=["by a service", "by hand"])
def test_the_doctor_finds_and_mends(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, served: bool
) -> None:
    report = data.parent / f"{data.name}.json"

    def looks() -> None:
        assert run(["doctor"]) == 0
        assert "2 cases: everything agrees" in capsys.readouterr().out
        change(data, "UPDATE meta SET value = 99 WHERE key = 'size'")
        assert run(["doctor", "case-1", "--json", str(report)]) == 1
        shown = capsys.readouterr().out
        assert "the number of chunks is wrong" in shown
        assert "casewright doctor --repair" in shown
        assert "1 case: 1 finding" in shown
        (found,) = json.loads(report.read_bytes())["findings"]
        assert (found["case_id"], found["detail"], found["repairable"]) == ("case-1", "99 for 1", True)
        assert run(["doctor", "--repair"]) == 0
        assert "everything agrees, 2 mended" in capsys.readouterr().out
        assert run(["doctor", "nobody"]) == EXIT_FAILURE
        assert "no such case" in capsys.readouterr().err
        (data / "knowledge" / "cases" / "stray").mkdir()
        assert run(["doctor", "--repair"]) == 1
        assert "a folder of no case" in capsys.readouterr().out
        assert run(["doctor", "case-1"]) == 0

    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
        service.ingest("case-2", letter=TEXT)
        if served:
            monkeypatch.setenv("RAG_URL", service.url)
            looks()
    if not served:
        # the words' embedding is not that of the settings
        assert run(["reindex"]) == 0
        capsys.readouterr()
        looks()


def test_the_doctor_holds_nobody_up_and_is_not_deceived(data: Path) -> None:
    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
        stop = threading.Event()

        def send() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                job = service.ingest("case-1", letter=f"{TEXT} {number}", other=f"{number} {TEXT}")
                document = job["documents"][1]["document_id"]
                service.call("DELETE", f"/documents/{document}?case_id=case-1")

        sending = threading.Thread(target=send)
        sending.start()
        try:
            for path in ("/doctor", "/cases/case-1/doctor") * 6:
                answer = service.call("POST", path)
                assert answer.json()["findings"] == [], answer.text
        finally:
            stop.set()
            sending.join()
        assert service.call("POST", "/cases/nobody/doctor").status_code == 404


def test_a_backup_is_made_and_restored(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "saved.tar"
    assert run(["backup", str(file)]) != 0
    assert "holds no cases" in " ".join(capsys.readouterr().err.split())
    with rag(data) as service:
        service.ingest("case-1", letter=TEXT)
        assert run(["backup", str(file)]) == 0
        assert "saved 1 case with 1 document" in capsys.readouterr().out
        certificate = service.call("DELETE", "/cases/case-1").json()
        assert [one["store"] for one in certificate["stores"] if one["status"] == "pending"] == ["backups"]
    assert run(["backup", str(file)]) != 0
    assert run(["restore", str(file)]) != 0
    assert "restore into an empty directory" in capsys.readouterr().err
    there = tmp_path / "there"
    monkeypatch.setenv("CASEWRIGHT_DATA", str(there))
    assert run(["restore", str(tmp_path / "none.tar")]) != 0
    assert run(["restore", str(file)]) == 0
    assert "restored 1 case" in capsys.readouterr().out
    with rag(there) as service:
        assert service.search("case-1", "rent", mode="dense")["hits"]
        assert service.call("POST", "/doctor").json()["findings"] == []
