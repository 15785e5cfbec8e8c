"""The outermost layer: ids, limits, errors in one shape, defects without a trace."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from serving import served
from unit.services.kit.service import make

LIMIT = 100_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(make(tmp_path_factory.mktemp("data"), max_body_bytes=LIMIT, body_s=0.5)) as found:
        yield found


def call(
    url: str, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    sent = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, body, sent | {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, found, json.loads(content) if "json" in found.get("content-type", "") else content


def assert_error(answer: tuple[int, dict[str, str], Any], status: int, kind: str) -> None:
    assert answer[0] == status, answer
    error = answer[2]["error"]
    assert set(error) == {"type", "message", "hint", "request_id"}
    assert error["type"] == kind
    assert error["message"]
    assert error["hint"]
    assert error["request_id"] == answer[1]["x-request-id"]
    assert "Traceback" not in json.dumps(answer[2])


def test_an_answer_names_its_origin_and_its_request(url: str) -> None:
    status, headers, body = call(url, "POST", "/echo", b'{"text": "ab", "times": 2}')
    assert (status, body["text"], body["request_id"]) == (200, "abab", headers["x-request-id"])
    assert headers["x-casewright-provider"] == "embedded"
    assert headers["x-casewright-model"] == "m"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_callers_request_id_is_kept_and_a_strange_one_replaced(url: str) -> None:
    assert call(url, "GET", "/live", X_Request_ID="chain-0001")[1]["x-request-id"] == "chain-0001"
    for strange in ("short", "x" * 65, "with space here", 'quote"in-it'):
        assert call(url, "GET", "/live", X_Request_ID=strange)[1]["x-request-id"] != strange


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "invalid_request"),
        (b"\xff\xfe", 400, "invalid_request"),
        (b"[]", 422, "unprocessable_request"),
        (b"{}", 422, "unprocessable_request"),
        (b'{"text": 3}', 422, "unprocessable_request"),
        (b'{"text": "a", "more": 1}', 422, "unprocessable_request"),
        (b'{"text": "a", "times": 4}', 422, "unprocessable_request"),
    ],
)
def test_bad_bodies(url: str, body: bytes, status: int, kind: str) -> None:
    assert_error(call(url, "POST", "/echo", body), status, kind)


def test_a_refused_field_is_named_and_its_value_is_not(url: str) -> None:
    answer = call(url, "POST", "/echo", b'{"text": "a", "times": "SECRET"}')
    assert "times" in answer[2]["error"]["message"]
    assert "SECRET" not in json.dumps(answer[2])


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_blank_field_is_told_in_words(url: str, text: str) -> None:
    answer = call(url, "POST", "/echo", json.dumps({"text": text}).encode())
    assert_error(answer, 422, "unprocessable_request")
    assert answer[2]["error"]["message"] == "text: nothing is written in it"


def test_unknown_routes_and_methods(url: str) -> None:
    assert_error(call(url, "GET", "/nothing"), 404, "not_found")
    assert_error(call(url, "GET", "/echo"), 405, "method_not_allowed")
    assert "POST" in call(url, "GET", "/echo")[2]["error"]["message"]


def test_a_body_that_says_it_is_too_large(url: str) -> None:
    assert_error(call(url, "POST", "/echo", b"x" * (LIMIT + 1)), 413, "body_too_large")
    assert call(url, "GET", "/live")[0] == 200


def chunks(total: int, head: bytes = b"") -> Iterator[bytes]:
    yield head + b" "
    for _ in range(total // 10_000):
        yield b"x" * 10_000


@pytest.mark.parametrize("path", ["/echo", "/upload"])
def test_a_body_that_grows_too_large(url: str, path: str) -> None:
    """Without a length in advance; what the framework makes of the broken body is not what is answered."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers, head = {"Content-Type": "application/json"}, b""
    if path == "/upload":
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    connection.request("POST", path, chunks(40 * LIMIT, head), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["type"] == "body_too_large"
    connection.close()


def test_a_body_that_never_ends_is_given_up(url: str) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as sender:
        sender.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        sender.sendall(b"Content-Length: 50\r\n\r\n{")
        began = time.monotonic()
        answer = sender.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
        assert time.monotonic() - began >= 0.4


def test_a_defect_is_told_without_its_words(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = call(url, "GET", "/defect")
    assert_error(answer, 500, "service_failure")
    assert "secret" not in json.dumps(answer[2])
    assert any(record.exc_info for record in caplog.records)


def test_errors_of_engine_and_store_have_true_statuses(url: str) -> None:
    assert_error(call(url, "GET", "/engine-late"), 504, "timeout")
    assert_error(call(url, "GET", "/store-gone"), 503, "storage")


def test_a_service_on_loopback_answers_to_no_foreign_name(url: str) -> None:
    assert_error(call(url, "GET", "/live", Host="evil.example"), 421, "misdirected_request")
    assert call(url, "GET", "/live", Host="localhost:1")[0] == 200
    assert call(url, "GET", "/live", Host="[::1]:1")[0] == 200


def test_metrics_count_what_was_asked(tmp_path: Path) -> None:
    with served(make(tmp_path)) as url:
        for _ in range(3):
            assert call(url, "POST", "/echo", b'{"text": "a"}')[0] == 200
        assert call(url, "POST", "/echo", b"{")[0] == 400
        assert call(url, "GET", "/who-knows-what")[0] == 404
        text = call(url, "GET", "/metrics")[2].decode()
    assert 'casewright_requests_total{method="POST",route="/echo",status="200"} 3.0' in text
    assert 'casewright_requests_total{method="POST",route="/echo",status="400"} 1.0' in text
    assert 'casewright_requests_total{method="GET",route="(none)",status="404"} 1.0' in text
    assert 'casewright_errors_total{kind="invalid_request"} 1.0' in text
    assert 'casewright_answers_total{answered_by="model",provider="embedded"} 3.0' in text
    assert 'casewright_tokens_total{direction="out",provider="embedded"} 6.0' in text
    assert "who-knows-what" not in text
