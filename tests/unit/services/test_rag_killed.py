"""kill -9 at ten seeded moments; ``make torture`` does a hundred, with the real embedders."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.knowledge.store import Library
from torture.kills import Torture
from unit.services.rag_served import WordEmbedder, rag, wait_for


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    told = Torture(data, "words", 2026).run(10)
    assert told.faults.all == []
    assert told.kills == 10
    assert told.acknowledged
    assert told.erased


def test_a_version_that_nobody_was_told_of_never_was(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    embedder.gate.clear()
    with rag(tmp_path, embedder) as service:
        assert service.send_texts("case-1", letter="The rent is £450.").status_code == 202
    library = Library(tmp_path)
    library.open()
    for name in ("letter", "other"):  # as where a kill comes before their uploads have their names
        library.register("case-1", name=name, media_type="text/plain", sha256=name * 8, size=1)
    library.close()
    with rag(tmp_path) as service:
        wait_for("it to be read", lambda: service.get("/cases/case-1")["documents"] == {"ready": 1})
        (document,) = service.get("/cases/case-1/documents")["documents"]
        assert (document["name"], document["version"], document["newest"]) == ("letter", 1, 1)
        assert service.search("case-1", "rent")["hits"]
