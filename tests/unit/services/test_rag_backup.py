"""A backup of a service at work, restored: what was acknowledged before is there, the rest whole or not."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from casewright.cli.main import run
from torture.load import Load
from torture.look import Looking
from torture.papers import Papers
from torture.process import victim
from unit.services.rag_served import wait_for


@pytest.mark.slow
def test_a_service_at_work_is_saved_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, there, file = tmp_path / "data", tmp_path / "there", tmp_path / "saved.tar"
    data.mkdir()
    there.mkdir()
    papers, left = Papers(5), list[str]()
    monkeypatch.setenv("CASEWRIGHT_DATA", str(data))
    with victim(data, "words", "none", 0, left) as (process, url):
        load = Load(url, papers, "reindexing", 5)
        load.start()
        wait_for("a lot to be sent", lambda: sum(paper.acknowledged + 1 for paper in list(papers.all)) > 25)
        before = {paper.number: (paper.acknowledged, paper.gone) for paper in list(papers.all)}
        assert run(["backup", str(file)]) == 0
        process.kill()
        load.wait()
    assert load.wrong == []
    assert "saved" in capsys.readouterr().out
    for paper in papers.all:
        gone = paper.gone
        paper.acknowledged, paper.gone = before.get(paper.number, (-1, False))
        # what was erased meanwhile may be in the backup or not
        paper.leaving = (paper.leaving or gone) and not paper.gone
        paper.touched = True
    monkeypatch.setenv("CASEWRIGHT_DATA", str(there))
    assert run(["restore", str(file)]) == 0
    looking = Looking(papers, 5)
    with victim(there, "words", "none", 0, left) as (process, url):
        looking.look(url, whole=True)
        states = {state for case in httpx.get(f"{url}/cases").json()["cases"] for state in case["documents"]}
        # what came while it was made is there whole, or not at all
        assert states == {"ready"}
    assert looking.faults.all == []
    assert left == []
