"""The load loop against a raw server: framings, faults, deadlines, reuse, and what is kept of each."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from casewright.bench.load import Counts, LoadLoop
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from unit.bench.loading import drive, target_of
from unit.bench.raw_server import (
    CHUNKED_HEAD,
    GOOD,
    HEAD,
    ROLE,
    STREAM,
    RawServer,
    Script,
    Talk,
    answering,
    chunk,
    good_pieces,
    plain,
    token,
)


def one(script: Script, run_dir: Path, **limits: float) -> RequestRecord:
    """The record of a single request."""
    with RawServer(script) as server:
        plan = LoadPlan(mode="closed", concurrency=1, requests=1, **limits)  # type: ignore[arg-type]
        found, _ = drive(target_of(server.url), plan, run_dir)
    assert len(found) == 1
    return found[0]


def assert_good(record: RequestRecord) -> None:
    assert (record.error, record.status, record.text) == (None, 200, "one two three")
    assert (record.chunks, record.output_tokens, record.prompt_tokens) == (3, 3, 7)
    assert record.first_chunk_tokens == 1
    assert record.finish_reason == "stop"
    assert not record.cut
    assert record.t_first_byte is not None
    assert record.t_first_token is not None
    assert record.t_last_token is not None
    first, last = record.t_first_token, record.t_last_token
    order = [record.t_sched, record.t_send, record.t_first_byte, first, last, record.t_end]
    assert order == sorted(order)
    assert sum(record.chunk_gaps_ns) == record.t_last_token - record.t_first_token


FRAMINGS = {
    "chunked at once": [GOOD],
    "chunk by chunk": good_pieces(),
    "length": [HEAD + b"Content-Length: %d\r\n\r\n" % len(STREAM), STREAM[:50], STREAM[50:]],
    "one big chunk": [CHUNKED_HEAD, chunk(STREAM), b"0\r\n\r\n"],
    "trailers": [GOOD[:-2], b"Trace: x\r\n\r\n"],
    "interim": [b"HTTP/1.1 100 Continue\r\n\r\n", GOOD],
}


@pytest.mark.parametrize("pieces", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_every_framing_keeps_the_connection(pieces: list[bytes], tmp_path: Path) -> None:
    def script(talk: Talk) -> None:
        while talk.request() is not None:
            talk.send(*pieces)

    with RawServer(script) as server:
        plan = LoadPlan.closed(2, requests=10)
        found, _ = drive(target_of(server.url), plan, tmp_path)
        assert server.connections == 2
    assert len(found) == 10
    for record in found:
        assert_good(record)
    assert sum(record.t_connected is not None for record in found) == 2


def test_close_delimited_answers_need_a_connection_each(tmp_path: Path) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(HEAD + b"\r\n", STREAM)

    with RawServer(script) as server:
        found, _ = drive(target_of(server.url), LoadPlan.closed(1, requests=3), tmp_path)
    for record in found:
        assert_good(record)
    assert all(record.t_connected is not None for record in found[1:])


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "words"),
    [
        ("401 Unauthorized", b'{"error":{"message":"no key"}}', b"", "unauthorized", "no key"),
        (
            "404 Not Found",
            b'{"error":{"message":"The model `x` does not exist."}}',
            b"",
            "model_not_found",
            "x",
        ),
        ("429 Too Many", b'{"error":{"message":"slow"}}', b"Retry-After: 7\r\n", "rate_limited", "slow"),
        ("503 Busy", b"{}", b"Retry-After: 3\r\n", "overloaded", "503"),
        ("500 Oops", b"not json", b"", "server_failure", "not json"),
        ("400 Bad", b'{"error":"no"}', b"", "bad_request", "no"),
        ("200 OK", b'{"error":{"message":"out of memory"}}', b"", "stream_error", "out of memory"),
        ("200 OK", b'{"choices":[]}', b"", "malformed", "application/json"),
    ],
)
def test_http_errors(  # noqa: PLR0917
    status: str, body: bytes, headers: bytes, error: str, words: str, tmp_path: Path
) -> None:
    record = one(answering(plain(status, body, headers)), tmp_path)
    assert record.error == error
    assert words in (record.error_message or "")
    assert record.status == int(status[:3])
    assert record.retry_after_s == {"429": 7.0, "503": 3.0}.get(status[:3])
    assert record.t_first_token is None
    assert record.first_chunk_tokens is None


def hang_after(*pieces: bytes) -> Script:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(*pieces)
        talk.hang()

    return script


SHORT = {"first_token_s": 0.2, "idle_s": 0.2, "total_s": 30.0}


@pytest.mark.parametrize(
    ("pieces", "limits", "error", "chunks"),
    [
        ((), SHORT, "first_token_timeout", 0),
        ((CHUNKED_HEAD,), SHORT, "first_token_timeout", 0),
        ((CHUNKED_HEAD, chunk(ROLE)), SHORT, "first_token_timeout", 0),
        ((CHUNKED_HEAD, chunk(ROLE), chunk(token("one"))), SHORT, "idle_timeout", 1),
        ((CHUNKED_HEAD, chunk(token("one"))), {"total_s": 0.2}, "total_timeout", 1),
        ((CHUNKED_HEAD, chunk(ROLE)), {"idle_s": 0.1, "first_token_s": 0.4}, "first_token_timeout", 0),
    ],
)
def test_deadlines_tell_what_stalled(
    pieces: tuple[bytes, ...], limits: dict[str, float], error: str, chunks: int, tmp_path: Path
) -> None:
    record = one(hang_after(*pieces), tmp_path, **limits)
    assert (record.error, record.chunks) == (error, chunks)
    age = (record.t_end - record.t_send) / 1e9
    assert age >= max(limits.get("first_token_s", 0.2), 0.2) if chunks == 0 else age >= 0.2


def cut_after(*pieces: bytes, reset: bool = False) -> Script:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(*pieces)
        if reset:
            talk.reset()

    return script


@pytest.mark.parametrize(
    ("script", "error", "chunks"),
    [
        (cut_after(), "connection_lost", 0),
        (cut_after(reset=True), "connection_lost", 0),
        (cut_after(CHUNKED_HEAD, chunk(token("one"))), "connection_lost", 1),
        (cut_after(HEAD + b"Content-Length: 9999\r\n\r\n", STREAM), "connection_lost", 3),
        (cut_after(HEAD + b"\r\n", token("one")), "truncated", 1),
        (answering(CHUNKED_HEAD + chunk(token("one")) + b"0\r\n\r\n"), "truncated", 1),
        (answering(b"220 mail.example ESMTP\r\n"), "malformed", 0),
        (answering(CHUNKED_HEAD + b"zz\r\n\r\n"), "malformed", 0),
        (
            answering(CHUNKED_HEAD + chunk(token("one")) + chunk(b"data: {nonsense\n\n") + b"0\r\n\r\n"),
            "malformed",
            1,
        ),
        (
            answering(CHUNKED_HEAD + chunk(b'data: {"error":{"message":"cuda"}}\n\n') + b"0\r\n\r\n"),
            "stream_error",
            0,
        ),
        (
            answering(CHUNKED_HEAD + chunk(b"data: " + b"x" * (2 << 20) + b"\n\n") + b"0\r\n\r\n"),
            "line_too_long",
            0,
        ),
        (answering(plain("200 OK", b"{}", b"Content-Encoding: gzip\r\n")), "malformed", 0),
    ],
)
def test_broken_answers(script: Script, error: str, chunks: int, tmp_path: Path) -> None:
    record = one(script, tmp_path)
    assert (record.error, record.chunks) == (error, chunks)
    assert record.error_message


def test_refused_connections_are_counted_and_the_run_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found, _ = drive(target_of(f"http://127.0.0.1:{port}"), LoadPlan.closed(2, requests=4), tmp_path)
    assert [record.error for record in found] == ["connection_refused"] * 4
    assert all(record.t_connected is None and record.t_end >= record.t_send for record in found)


def test_keep_alive_loss_is_resent_once_and_counted(tmp_path: Path) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(GOOD)
        if talk.request() is not None and talk.number == 0:
            return  # closes after having read the second request, without a byte
        talk.send(GOOD)
        talk.hang()

    with RawServer(script) as server:
        found, load = drive(target_of(server.url), LoadPlan.closed(1, requests=3), tmp_path)
        asked = [json.loads(body)["messages"][0]["content"] for body in server.bodies]
    assert [record.reconnects for record in found] == [0, 1, 0]
    assert all(record.error is None for record in found)
    assert Counter(words.split()[1] for words in asked) == {"0": 1, "1": 2, "2": 1}
    assert load.counts.reconnects == 1


def test_a_second_loss_is_a_failure_and_a_first_request_is_never_resent(tmp_path: Path) -> None:
    def script(talk: Talk) -> None:
        if talk.number == 0:
            talk.request()
            talk.send(GOOD)
        talk.request()

    with RawServer(script) as server:
        found, _ = drive(target_of(server.url), LoadPlan.closed(1, requests=2), tmp_path)
    assert [(record.error, record.reconnects) for record in found] == [(None, 0), ("connection_lost", 1)]


def test_bytes_nobody_asked_for_end_the_connection(tmp_path: Path) -> None:
    with RawServer(answering(GOOD + b"HTTP/1.1 200 OK\r\n\r\n")) as server:
        found, _ = drive(target_of(server.url), LoadPlan.closed(1, requests=3), tmp_path)
        assert server.connections == 3
    for record in found:
        assert_good(record)


def test_open_loop_does_not_wait_for_answers(tmp_path: Path) -> None:
    gate = threading.Event()

    def script(talk: Talk) -> None:
        while talk.request() is not None:
            with talk.server.lock:
                if len(talk.server.bodies) >= 20:
                    gate.set()
            gate.wait(30)
            talk.send(GOOD)

    plan = LoadPlan.open(200.0, "constant", requests=20)
    with RawServer(script) as server:
        found, load = drive(target_of(server.url), plan, tmp_path)
    # No answer came before the twentieth request had arrived: a loop that waited would have hung.
    assert gate.is_set()
    assert len(found) == 20
    for record in found:
        assert_good(record)
    gaps = {later.t_sched - earlier.t_sched for earlier, later in pairwise(found)}
    assert gaps == {5_000_000}
    assert load.counts.completed == 20


def test_open_loop_beyond_its_connections_sends_late_and_says_so(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        plan = LoadPlan.open(500.0, "constant", requests=30, max_connections=2)
        found, _ = drive(target_of(server.url), plan, tmp_path, max_connections=2)
        assert server.connections <= 2
    assert len(found) == 30
    assert all(record.error is None and record.t_send >= record.t_sched for record in found)


def test_a_duration_ends_issuing_and_the_drain_cuts(tmp_path: Path) -> None:
    plan = LoadPlan.closed(2, duration_s=0.3, drain_s=0.1)
    with RawServer(hang_after(CHUNKED_HEAD, chunk(token("one")))) as server:
        found, load = drive(target_of(server.url), plan, tmp_path)
    assert [(record.cut, record.error, record.chunks) for record in found] == [(True, None, 1)] * 2
    assert load.stopped_ns
    assert load.counts.cut == 2


def test_stop_cuts_what_is_in_flight_and_keeps_it(tmp_path: Path) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(GOOD)
        talk.request()
        talk.hang()

    def stop_when_all_hang(load: LoadLoop, counts: Counts) -> None:
        if counts.completed == 3 and load.in_flight == 3:
            load.stop()

    with RawServer(script) as server:
        plan = LoadPlan.closed(3, requests=1000)
        found, load = drive(target_of(server.url), plan, tmp_path, report=stop_when_all_hang)
    assert load.interrupted
    # completed answers are kept at a pace, so one of them may come after those that were cut
    assert sorted(record.cut for record in found) == [False] * 3 + [True] * 3
    assert all(record.error is None for record in found)


def test_warmup_is_the_schedules_beginning(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        found, _ = drive(target_of(server.url), LoadPlan.closed(2, requests=8, warmup=3), tmp_path)
    assert [record.warmup for record in found] == [True] * 3 + [False] * 5


def test_requests_carry_prompt_and_key(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        target = target_of(server.url, api_key="sesame")
        drive(target, LoadPlan.closed(1, requests=3, seed=9), tmp_path)
        assert all(b"\r\nAuthorization: Bearer sesame\r\n" in head for head in server.heads)
        asked = [json.loads(body) for body in server.bodies]
    assert [body["messages"][0]["content"] for body in asked] == [
        f'request {index} of seed 9: "quoted"\n' for index in range(3)
    ]
    assert all(body["stream"] and body["max_tokens"] == 16 and body["temperature"] == 0 for body in asked)


def test_an_answer_before_the_request_was_read_is_not_lost(tmp_path: Path) -> None:
    body = b"x" * 10

    def script(talk: Talk) -> None:
        talk.send(plain("413 Too Large", body, b"Connection: close\r\n"))
        talk.request()
        talk.hang()

    record = one(script, tmp_path)
    assert record.status in (413, None)
    assert record.error is not None


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_with_its_own_authority(authority: trustme.CA, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with RawServer(answering(GOOD), tls=context) as server:
        good, _ = drive(target_of(server.url, ca_file=ca_file), LoadPlan.closed(2, requests=6), tmp_path)
        assert server.connections == 2
        other = tmp_path / "unknown"
        other.mkdir()
        unknown, _ = drive(target_of(server.url), LoadPlan.closed(1, requests=1), other)
    for record in good:
        assert_good(record)
    assert [record.error for record in unknown] == ["tls_failure"]
    assert "certificate" in (unknown[0].error_message or "")


def test_plain_http_behind_https_is_a_tls_failure(tmp_path: Path) -> None:
    with RawServer(lambda talk: talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        url = server.url.replace("http:", "https:")
        found, _ = drive(target_of(url), LoadPlan.closed(1, requests=1), tmp_path)
    assert [record.error for record in found] == ["tls_failure"]


def test_the_spool_budget_drops_bytes_not_records(tmp_path: Path) -> None:
    with RawServer(answering(GOOD)) as server:
        found, _ = drive(
            target_of(server.url), LoadPlan.closed(1, requests=5), tmp_path, budget=2 * len(GOOD)
        )
    assert [record.dropped for record in found] == [False, False, True, True, True]
    assert all(record.error is None and record.status == 200 for record in found)
    assert found[4].t_first_byte is not None
    assert found[4].t_first_token is None
