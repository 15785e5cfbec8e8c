"""The client of the services: what it sends, and every way in which a call can end."""

from __future__ import annotations

import http.server
import io
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browser.peers import Peers
from casewright.api.client import Client, ClientConfig, Patience, plain_name
from casewright.api.notes import ConvertRequest
from casewright.api.rag import QueryRequest
from casewright.errors import (
    ConfigError,
    EncryptedDocument,
    NotRunning,
    Overloaded,
    ServiceBusy,
    ServiceFailure,
)
from casewright.observability.context import begin
from serving import served

TOKEN = "cws_test"
ASKED = QueryRequest(query="When is the deadline?", documents=("The deadline is 3 May.",))


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    found = Peers(TOKEN)
    with (
        served(found.app("rag")) as rag,
        served(found.app("notes")) as notes,
        served(found.app("documents")) as documents,
    ):
        found.urls = {"rag": rag, "notes": notes, "documents": documents}
        yield found


def at(url: str, **changes: Any) -> Client:
    """A client for which every service is at one URL."""
    return Client(ClientConfig(url, url, url, **{"key": TOKEN, **changes}))


@pytest.fixture
async def client(peers: Peers) -> AsyncIterator[Client]:
    urls = (peers.urls["rag"], peers.urls["notes"], peers.urls["documents"])
    async with Client(ClientConfig(*urls, key=TOKEN)) as found:
        yield found


async def test_each_call_gives_the_contracts_answer(client: Client) -> None:
    answer = await client.query(ASKED)
    assert answer.grounded
    cited = answer.citations[0]
    assert ASKED.documents is not None
    assert ASKED.documents[cited.document][cited.start : cited.end] == cited.quote
    asked = ConvertRequest(notes="one\ntwo", client_name="Ana", meeting_date=date(2026, 3, 1))
    letter = await client.convert(asked)
    assert "2026-03-01" in letter.full_text
    assert letter.lines_total == 2
    assert (await client.process("a.txt", b"page one\fpage two")).page_count == 2
    assert (await client.process("a.txt", io.BytesIO(b"from a file"))).markdown == "from a file"


async def test_the_request_id_and_the_key_go_along(client: Client, peers: Peers) -> None:
    begin("chain-of-one-1")
    answer = await client.query(ASKED)
    assert answer.request_id == "chain-of-one-1"
    assert peers.heard[-1][2]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        ("Bescheid März.pdf", "Bescheid März.pdf"),
        ('a "quoted" name.txt', 'a "quoted" name.txt'),
        ("..\\..\\etc\\passwd", "passwd"),
        ("/tmp/x/letter.pdf", "letter.pdf"),
        ('x"\r\nContent-Type: a\r\n\r\nb.txt', 'x"Content-Type: ab.txt'),
        ("", "file"),
    ],
)
async def test_file_names_arrive_as_they_are_and_break_nothing(
    client: Client, given: str, arrives: str
) -> None:
    found = await client.process(given, b"x")
    assert (found.filename, found.markdown) == (arrives, "x")


@given(st.text())
def test_a_plain_name_is_short_and_has_no_folder_and_no_control(name: str) -> None:
    plain = plain_name(name)
    assert 0 < len(plain) <= 200
    assert not any(ord(char) < 32 or char in "/\\" for char in plain)


async def test_errors_come_back_as_their_own_class(client: Client) -> None:
    with pytest.raises(Overloaded) as found:
        await client.query(QueryRequest(query="fail:overloaded:503", documents=("x",)))
    assert found.value.message == "asked to fail as overloaded"
    assert found.value.hint == "do something about it"
    with pytest.raises(EncryptedDocument):
        await client.process("a.pdf", b"fail:encrypted_document:422")
    with pytest.raises(ServiceFailure):
        await client.query(QueryRequest(query="fail:never_heard_of_it:500", documents=("x",)))


async def test_a_refused_key_is_told_as_a_setting_not_as_the_callers_fault(peers: Peers) -> None:
    async with at(peers.urls["rag"], key="wrong") as client:
        with pytest.raises(ConfigError, match="does not let this one in"):
            await client.query(ASKED)
        with pytest.raises(ConfigError):
            await client.health("rag")


async def test_an_unhealthy_service_still_answers_its_health(client: Client, peers: Peers) -> None:
    peers.health_status = "unhealthy"
    try:
        found = await client.health("rag")
    finally:
        peers.health_status = "healthy"
    assert (found.status, found.reasons) == ("unhealthy", ("store: the index is gone",))
    assert (await client.health("documents")).status == "healthy"


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with at(f"http://127.0.0.1:{free.getsockname()[1]}") as client:
            with pytest.raises(NotRunning, match="does not answer: nothing listens there"):
                await client.query(ASKED)


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1:1", "rag:8003", "http://", "http://[::1", ""])
def test_urls_that_are_none_are_refused_without_a_password(url: str) -> None:
    with pytest.raises(ConfigError) as found:
        at(url)
    assert "secret" not in str(found.value)


async def test_no_answer_within_the_deadline() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(4)  # the system accepts, nobody reads
        patience = Patience(query_s=0.2)
        async with at(f"http://127.0.0.1:{deaf.getsockname()[1]}", patience=patience) as client:
            with pytest.raises(ServiceBusy, match=r"within 0\.2 s"):
                await client.query(ASKED)


@contextmanager
def answering(status: int, body: bytes, *, cut: bool = False) -> Iterator[str]:
    """A server that says the same to every POST; ``cut`` breaks off in the middle."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + 100 * cut))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"{}"), (200, b"<html>"), (502, b"<html>bad gateway"), (302, b""), (500, b'{"detail": "x"}')],
)
async def test_something_else_answers(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        async with at(url) as client:
            with pytest.raises(ServiceFailure, match="is not the rag service"):
                await client.query(ASKED)


async def test_an_answer_without_end_is_not_read() -> None:
    with answering(200, b"x" * 50_000) as url:
        async with at(url, max_answer_bytes=10_000) as client:
            with pytest.raises(ServiceFailure, match="larger than 10000 bytes"):
                await client.query(ASKED)


async def test_an_answer_that_breaks_off() -> None:
    with answering(200, b"{", cut=True) as url:
        async with at(url) as client:
            with pytest.raises(NotRunning):
                await client.query(ASKED)
