from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from casewright.knowledge.store import ChromaServer, Library
from casewright.knowledge.store.heartbeat import Heartbeat
from ports import free_port
from unit.knowledge.store.making import STAMP

LOOKS = 10


class Beats(BaseHTTPRequestHandler):
    """Answers as Chroma's server does, with the status that the test sets."""

    status = 200
    heard: tuple[str, ...] = ()

    def do_GET(self) -> None:
        type(self).heard += (self.path,)
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's standard error."""


@pytest.fixture
def beats() -> Iterator[tuple[type[Beats], ChromaServer]]:
    class Here(Beats):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Here) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Here, ChromaServer("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def contexts() -> int:
    """The TLS contexts that are in memory, those too that only wait to be collected."""
    return sum(isinstance(one, ssl.SSLContext) for one in gc.get_objects())


def test_looks_leave_no_tls_context_behind(tmp_path: Path, beats: tuple[type[Beats], ChromaServer]) -> None:
    library = Library(tmp_path, chroma=beats[1], stamp=STAMP)
    library.open()
    assert library.health().chroma is None  # the client that is kept is made
    gc.collect()
    before = contexts()
    gc.disable()  # a service collects what is old once an hour or so
    try:
        for _ in range(LOOKS):
            assert library.health().chroma is None
        # other tests' servers in this process may make one meanwhile
        assert contexts() - before < LOOKS // 2
    finally:
        gc.enable()
        library.close()
    assert beats[0].heard == ("/api/v2/heartbeat",) * (1 + LOOKS)


def test_a_refusal_is_told_and_so_is_that_it_is_over(beats: tuple[type[Beats], ChromaServer]) -> None:
    heartbeat = Heartbeat(beats[1])
    beats[0].status = 503
    trouble = heartbeat.trouble()
    assert trouble is not None
    assert f"127.0.0.1:{beats[1].port} does not serve vectors" in trouble
    assert "503" in trouble
    beats[0].status = 200
    assert heartbeat.trouble() is None


def test_nobody_listens() -> None:
    trouble = Heartbeat(ChromaServer("127.0.0.1", free_port())).trouble()
    assert trouble is not None
    assert "does not serve vectors" in trouble


def test_many_look_at_once(beats: tuple[type[Beats], ChromaServer]) -> None:
    heartbeat, said = Heartbeat(beats[1]), []
    threads = [threading.Thread(target=lambda: said.append(heartbeat.trouble())) for _ in range(LOOKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [None] * LOOKS
