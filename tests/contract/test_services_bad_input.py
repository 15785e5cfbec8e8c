"""What every service does with what it should not be sent: the error shape, a true status, and it goes on."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pytest

from casewright.services.kit.keys import KeyStore
from contract.services import NAMES, Found, ask, form, service

ROUTE = {"rag": "/query", "notes": "/convert", "documents": "/process"}
GOOD: dict[str, dict[str, Any]] = {
    "rag": {"query": "How much is owed?", "documents": ["Barclays is owed £450."]},
    "notes": {"notes": "Client owes Barclays £450", "client_name": "John Smith"},
}
WRONG: dict[str, list[dict[str, Any]]] = {
    "rag": [
        {},
        {"query": "q"},
        {"documents": ["d"]},
        {"query": "", "documents": ["d"]},
        {"query": " \n", "documents": ["d"]},
        {"query": "q", "documents": []},
        {"query": "q", "documents": "d"},
        {"query": 1, "documents": ["d"]},
        {"query": "q", "documents": [1]},
        {"query": "q", "documents": ["d"], "documnets": []},
        {"query": "q", "documents": ["d"], "strategy": "best"},
        {"query": "q" * 5000, "documents": ["d"]},
    ],
    "notes": [
        {},
        {"notes": "n"},
        {"client_name": "c"},
        {"notes": "", "client_name": "c"},
        {"notes": "n", "client_name": " "},
        {"notes": ["n"], "client_name": "c"},
        {"notes": "n", "client_name": None},
        {"notes": "n", "client_name": "c", "clientname": "d"},
        {"notes": "n", "client_name": "c", "meeting_date": "soon"},
        {"notes": "n", "client_name": "c" * 300},
    ],
}
Headers = Mapping[str, str] | Message
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module", params=NAMES)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served
        assert ask(served.url + "/live")[0] == 200, "the service did not survive its bad input"


def assert_error(answer: tuple[int, Headers, Any], *statuses: int) -> None:
    status, headers, body = answer
    assert status in statuses, (status, body)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"type", "message", "hint", "request_id"}
    assert all(isinstance(text, str) and text for text in body["error"].values())
    assert body["error"]["request_id"] == headers["X-Request-ID"]
    assert "Traceback" not in json.dumps(body)
    assert 'File "' not in json.dumps(body)


def test_a_body_that_is_not_json(found: Found) -> None:
    if found.name == "documents":
        assert_error(ask(found.url + "/process", b"{", JSON), 400, 415, 422)
        return
    for broken in (b"{", b"", b"\x00", b"\xff\xfe{}", b'{"a":', b"NaN", b"[" * 50_000):
        assert_error(ask(found.url + ROUTE[found.name], broken, JSON), 400, 422)


def test_fields_missing_unknown_or_of_the_wrong_kind(found: Found) -> None:
    for body in WRONG.get(found.name, []):
        assert_error(ask(found.url + ROUTE[found.name], json.dumps(body).encode(), JSON), 422)
    if found.name == "documents":
        wrong, headers = form("wrong", "a.txt", b"text")
        assert_error(ask(found.url + "/process", wrong, headers), 422)
        assert_error(ask(found.url + "/process", b"--b--\r\n", headers), 400, 422)
        assert_error(ask(found.url + "/process", b"no boundary here", headers), 400, 422)


def test_broken_characters_break_nothing(found: Found) -> None:
    for text in ("\\ud800", "\\u0000", "\\u202e", "\\uffff"):
        if found.name == "documents":
            content = text.encode().decode("unicode_escape").encode("utf-8", "replace")
            body, headers = form("file", "a\\u0000.txt", content)
            assert ask(found.url + "/process", body, headers)[0] in (200, 415, 422)
            continue
        good = json.dumps(GOOD[found.name])
        body = good.replace("Barclays", "Bar" + text + "clays").encode()
        status, _, answer = ask(found.url + ROUTE[found.name], body, JSON)
        assert status in (200, 400, 422), answer


def test_a_hundred_megabytes(found: Found) -> None:
    """Sent with its length and as chunks that never say it; the answer arrives although all of it is sent."""
    piece = b"x" * 1_000_000
    total = 100
    for chunked in (False, True):
        connection = http.client.HTTPConnection(urlsplit(found.url).netloc, timeout=60)
        headers = dict(JSON) if found.name != "documents" else form("file", "a.txt", b"")[1]
        if not chunked:
            headers["Content-Length"] = str(total * len(piece))
        pieces = [form("file", "a.txt", b"")[0][:-9], *[piece] * total] if chunked else [piece] * total
        connection.request("POST", ROUTE[found.name], iter(pieces), headers, encode_chunked=chunked)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert_error((answer.status, answer.headers, body), 413)


def test_routes_and_methods_that_are_not_there(found: Found) -> None:
    assert_error(ask(found.url + "/admin"), 404)
    assert_error(ask(found.url + "/../../etc/passwd"), 404)
    assert_error(ask(found.url + ROUTE[found.name]), 405)
    assert_error(ask(found.url + "/health", b"{}", JSON, "DELETE"), 405)


def test_a_wrong_key(found: Found) -> None:
    wrong = {"Authorization": "Bearer cw_00000000_wrong"}
    assert_error(ask(found.url + "/health", None, wrong), 401)
    assert_error(ask(found.url + ROUTE[found.name], b"{}", JSON | wrong), 401)


def test_a_key_is_needed_once_one_exists(found: Found) -> None:
    keys = KeyStore(found.data_dir)
    record, token = keys.create("test", [found.name])
    try:
        assert_error(ask(found.url + "/health"), 401)
        assert ask(found.url + "/health", None, {"Authorization": f"Bearer {token}"})[0] == 200
    finally:
        keys.revoke(record.id)
    assert ask(found.url + "/health")[0] == 200
