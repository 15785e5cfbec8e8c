"""``casewright reindex``: by hand where no service runs, with the embedding that is set."""

from __future__ import annotations

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
