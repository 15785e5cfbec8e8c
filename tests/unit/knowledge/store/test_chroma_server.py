from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from casewright.errors import IndexUnavailable
from casewright.knowledge.store import ChromaServer, Library
from casewright.knowledge.store.erasing import VACUUM
from casewright.knowledge.store.vectors import Chroma
from ports import free_port
from unit.knowledge.store.chroma_server import running, serving, vacuum
from unit.knowledge.store.making import STAMP, put, vectors_for
from unit.knowledge.store.test_erasure import traces


@pytest.mark.slow
def test_vectors_on_a_server_and_a_deletion_while_it_is_down(tmp_path: Path) -> None:
    there, data = tmp_path / "server", tmp_path / "data"
    there.mkdir()
    port = free_port()
    with serving(there, port) as server:
        library = Library(data, chroma=server, stamp=STAMP)
        library.open()
        assert library.health().chroma is None
        gone = put(library, "smith", 1, extra="canary")
        put(library, "smith", 2)
        put(library, "jones", 3)
        library.settled()
        assert not list(data.rglob("vectors-*"))
        index = library.reader("smith")
        asked = vectors_for(3, 1)[0]
        assert index.dense(asked, 1)[0].score == pytest.approx(1.0, abs=1e-4)
        assert not index.trouble
        vectors = {"vector": asked.tobytes()[8:40]}
        assert traces(there, vectors)
        assert not traces(there, {"text": b"canary", "case": b"smith"})

    # the server is down: searches go on, and a deletion is remembered
    assert library.health().chroma
    assert index.dense(asked, 1)[0].score == pytest.approx(1.0, abs=1e-4)
    assert library.case("smith").trouble
    assert len(index.keyword(["canari"], 5)) == 1
    certificate = library.delete_document("smith", gone)
    outcomes = {store.store: store.outcome for store in certificate.stores}
    assert outcomes == {"catalogue": "erased", "texts": "erased", "vectors": "pending"}
    assert index.dense(asked, 1)[0].score < 0.99
    with pytest.raises(IndexUnavailable):
        library.tend("smith")
    library.close()

    library = Library(data, chroma=ChromaServer("127.0.0.1", port), stamp=STAMP)
    library.open()
    assert library.erasures(pending=True)
    with serving(there, port):
        (still,) = library.retry_erasures()
        assert [store.reason for store in still.stores if store.outcome == "pending"] == [VACUUM]
        library.tend("smith")
        assert library.reader("smith").dense(vectors_for(3, 2)[1], 1)[0].score > 0.99
        last = library.delete_case("jones")
        assert [store.reason for store in last.stores if store.outcome == "pending"] == [VACUUM]
    vacuum(there)
    assert traces(there, vectors) == []
    assert all(one.complete for one in library.server_vacuumed())
    assert not library.erasures(pending=True)
    library.close()


@pytest.mark.slow
def test_a_search_does_not_wait_for_a_server_that_hangs_and_a_batch_does(tmp_path: Path) -> None:
    there, port, rows = tmp_path / "server", free_port(), vectors_for(3, 1)
    there.mkdir()
    with running(there, port) as process, ThreadPoolExecutor() as pool:
        home = Chroma(ChromaServer("127.0.0.1", port), search_s=0.5).home(tmp_path, "case")
        home.make("1")
        home.put("1", [1, 2], rows[:2])
        assert [one.id for one in home.near("1", rows[1], 1)] == [2]
        process.send_signal(signal.SIGSTOP)
        batch = pool.submit(home.put, "1", [3], rows[2:])
        try:
            with pytest.raises(IndexUnavailable, match="timed out"):
                pool.submit(home.near, "1", rows[1], 1).result(timeout=15)
            assert not batch.done()
        finally:
            process.send_signal(signal.SIGCONT)
        batch.result(timeout=15)
        assert [one.id for one in home.near("1", rows[2], 1)] == [3]


def test_a_server_that_hangs_is_told_and_nobody_waits_for_its_client(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and never answers
        library = Library(tmp_path, chroma=ChromaServer("127.0.0.1", mute.getsockname()[1]), stamp=STAMP)
        library.open()
        trouble = library.health().chroma
        assert trouble is not None
        assert "timed out" in trouble
        put(library, "smith", 1)
        found = library.reader("smith").dense(vectors_for(1, 1)[0], 1)  # by the vectors kept here
        assert found[0].score == pytest.approx(1.0, abs=1e-4)
        library.close()
