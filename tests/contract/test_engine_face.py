"""The faces over a scripted engine: shapes, limits, faults and disconnects."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract.scripted_upstream import ABOUT, WORDS, Face, served_face

TEXT = "".join(WORDS)


def call(
    url: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, Any]:
    """Status, body and headers; an error status is an answer too."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": ABOUT.model, "messages": [{"role": "user", "content": text}], **more}


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


def alive(face: Face) -> bool:
    return call(face.url, "/api/chat", chat("hi", stream=False))[0] == 200


def test_ollama_stream_has_every_piece_and_the_measures(face: Face) -> None:
    status, body, headers = call(face.url, "/api/chat", chat("hi", options={"num_thread": 4, "num_gpu": 0}))
    *pieces, last = lines(body)
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    assert headers["x-casewright-ignored"] == "num_gpu, num_thread"
    assert headers["x-casewright-provider"] == "embedded"
    assert [piece["message"]["content"] for piece in pieces] == list(WORDS)
    assert (last["done_reason"], last["prompt_eval_count"], last["eval_count"]) == ("stop", 7, 3)
    assert (last["prompt_eval_duration"], last["eval_duration"]) == (2_000_000, 3_000_000)
    assert last["total_duration"] > 0


def test_sampling_is_always_explicit_and_ollamas_default(face: Face) -> None:
    call(face.url, "/api/chat", chat("hi", options={"temperature": 0, "num_predict": 9, "stop": ["x"]}))
    sent = face.upstream.bodies[-1]
    assert (sent["temperature"], sent["max_tokens"], sent["stop"]) == (0, 9, ["x"])
    assert (sent["top_k"], sent["top_p"], sent["min_p"], sent["repeat_penalty"]) == (40, 0.9, 0.0, 1.1)


@pytest.mark.parametrize("raw", [True, False])
def test_generate_speaks_in_responses(face: Face, raw: bool) -> None:
    body = {"model": ABOUT.model, "prompt": "hi", "raw": raw}
    streamed = lines(call(face.url, "/api/generate", body)[1])
    whole = lines(call(face.url, "/api/generate", body | {"stream": False})[1])
    assert "".join(line["response"] for line in streamed) == TEXT == whole[0]["response"]
    assert ("prompt" in face.upstream.bodies[-1]) is raw


@pytest.mark.parametrize(("keep_alive", "reason"), [(None, "load"), (0, "unload"), ("5m", "load")])
def test_nothing_to_say_loads_or_unloads(face: Face, keep_alive: Any, reason: str) -> None:
    body = {"model": ABOUT.model} | ({} if keep_alive is None else {"keep_alive": keep_alive})
    for path in ("/api/chat", "/api/generate"):
        (answer,) = lines(call(face.url, path, body)[1])
        assert (answer["done"], answer["done_reason"]) == (True, reason)


@pytest.mark.parametrize(
    ("path", "change", "word"),
    [
        ("/api/chat", {"tools": [{"type": "function"}]}, "tools"),
        ("/api/chat", {"think": True}, "thinking"),
        ("/api/chat", {"shift": True}, "shift"),
        ("/api/chat", {"options": {"mirostat": 1}}, "mirostat"),
        ("/api/chat", {"options": {"num_ctx": 4096}, "truncate": False}, "--context 4096"),
        ("/api/chat", {"messages": [{"role": "user", "content": "a", "images": ["eA=="]}]}, "images"),
        ("/api/chat", {"messages": "hi"}, "messages"),
        ("/api/chat", {"format": 5}, "format"),
        ("/api/generate", {"prompt": "a", "template": "{{ .Prompt }}"}, "template"),
        ("/api/generate", {"prompt": "a", "suffix": "b"}, "suffix"),
        ("/api/generate", {"prompt": "a", "raw": True, "system": "s"}, "raw"),
        ("/api/embed", {"input": 4}, "input"),
        ("/api/embed", {"input": "a", "dimensions": 3}, "dimensions"),
        ("/api/show", {"model": ""}, "model"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    face: Face, path: str, change: dict[str, Any], word: str
) -> None:
    base = chat("hi") if path == "/api/chat" else {"model": ABOUT.model}
    status, body, _ = call(face.url, path, base | change)
    assert status == 400
    assert word in json.loads(body)["error"]


def test_a_smaller_num_ctx_is_held(face: Face) -> None:
    status, body, _ = call(face.url, "/api/chat", chat("x" * 60, options={"num_ctx": 50}))
    assert (status, "do not fit num_ctx 50" in json.loads(body)["error"]) == (400, True)
    assert call(face.url, "/api/chat", chat("x" * 40, options={"num_ctx": 50, "num_predict": 99}))[0] == 200
    assert face.upstream.bodies[-1]["max_tokens"] == 10


def test_embeddings_keep_their_order_and_are_cut_only_when_asked(face: Face) -> None:
    body = {"model": ABOUT.model, "input": ["short", "", "much longer than sixteen tokens"]}
    status, answer, _ = call(face.url, "/api/embed", body)
    assert (status, json.loads(answer)["embeddings"]) == (200, [[0.6, 0.8]] * 2)
    assert [len(given) for given in face.upstream.bodies[-1]["input"]] == [5, 16]
    call(face.url, "/api/embed", body | {"truncate": False})
    assert face.upstream.bodies[-1]["input"] == ["short", "much longer than sixteen tokens"]
    assert json.loads(call(face.url, "/api/embed", body | {"input": []})[1])["embeddings"] == []


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[]", 400),
        (b'"\xff"', 400),
        (b"[" * 100_000, 400),
        (json.dumps(chat("hi") | {"model": "other"}).encode(), 404),
        (json.dumps(chat("REFUSE")).encode(), 400),
        (json.dumps(chat("TYPES")).encode(), 400),
        (b'{"messages": "' + b"x" * (9 << 20) + b'"}', 413),
    ],
)
def test_errors_have_the_apis_shape(face: Face, path: str, body: bytes, status: int) -> None:
    got, answer, _ = call(face.url, path, body)
    error = json.loads(answer)["error"]
    assert got == status
    if path.startswith("/api"):
        assert isinstance(error, str)
        assert error
    else:
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
    assert alive(face)


def test_a_hundred_megabytes_without_a_length_are_refused(face: Face) -> None:
    parts = urlsplit(face.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as sock:
        sock.sendall(b"POST /api/chat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
        for _ in range(100):
            sock.sendall(chunk)
        sock.sendall(b"0\r\n\r\n")
        answer = sock.recv(65536)
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert alive(face)


@pytest.mark.parametrize("path", ["/nope", "/api/nope", "/v1/nope", "/api/pull"])
def test_unknown_routes(face: Face, path: str) -> None:
    status, body, _ = call(face.url, path)
    assert (status, "not offered" in body.decode()) == (404, True)


def test_wrong_method(face: Face) -> None:
    status, body, headers = call(face.url, "/api/chat")
    assert (status, headers["allow"]) == (405, "POST")
    assert isinstance(json.loads(body)["error"], str)


@pytest.mark.parametrize(
    ("word", "means"), [("ERROR", "the slot failed"), ("BREAK", "broke off"), ("SHORT", "complete")]
)
def test_a_fault_inside_an_ollama_stream_is_its_last_line(face: Face, word: str, means: str) -> None:
    status, body, _ = call(face.url, "/api/chat", chat(word))
    *pieces, last = lines(body)
    assert status == 200
    assert pieces[0]["message"]["content"] == WORDS[0]
    assert means in last["error"]


def test_a_fault_inside_an_openai_stream_is_an_event(face: Face) -> None:
    status, body, _ = call(face.url, "/v1/chat/completions", chat("BREAK", stream=True))
    events = [event for event in body.split(b"\n\n") if event]
    assert status == 200
    assert "broke off" in json.loads(events[-1].removeprefix(b"data: "))["error"]["message"]


def test_openai_bytes_are_relayed_unchanged(face: Face) -> None:
    _, body, headers = call(face.url, "/v1/chat/completions", chat("hi", stream=True))
    assert headers["content-type"] == "text/event-stream"
    assert body.endswith(b"data: [DONE]\n\n")
    assert face.upstream.bodies[-1] == chat("hi", stream=True)


@pytest.mark.parametrize("word", ["HANG", "STALL"])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_the_engine_is_let_go_when_the_asker_leaves(face: Face, path: str, word: str) -> None:
    face.upstream.began.clear()
    face.upstream.left.clear()
    parts = urlsplit(face.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request("POST", path, json.dumps(chat(word, stream=True)))
    assert face.upstream.began.wait(10)
    assert connection.sock is not None
    connection.sock.close()
    connection.close()
    assert face.upstream.left.wait(10)
    assert alive(face)


def test_beyond_the_queue_is_503_with_retry_after() -> None:
    with served_face(queue=1) as face:
        parts = urlsplit(face.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("POST", "/api/chat", json.dumps(chat("HANG")))
        assert face.upstream.began.wait(10)
        status, body, headers = call(face.url, "/v1/chat/completions", chat("hi"))
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["error"]["type"] == "overloaded_error"
        connection.close()
        assert face.upstream.left.wait(10)


def test_a_dead_engine_is_503_and_unhealthy() -> None:
    with served_face(gone=True) as face:
        assert call(face.url, "/live")[0] == 200
        assert call(face.url, "/health")[0] == 503
        status, body, _ = call(face.url, "/api/chat", chat("hi"))
        assert (status, "not running" in json.loads(body)["error"]) == (503, True)


def test_the_key_is_asked_for() -> None:
    with served_face(api_key="s3cret") as face:
        assert call(face.url, "/live")[0] == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            status, body, answered = call(face.url, "/api/tags", None, headers)
            assert (status, answered["www-authenticate"]) == (401, "Bearer")
            assert isinstance(json.loads(body)["error"], str)
        assert call(face.url, "/api/tags", None, {"Authorization": "Bearer s3cret"})[0] == 200


@pytest.mark.parametrize(
    ("only", "there", "not_there"),
    [("ollama", "/api/tags", "/v1/models"), ("openai", "/v1/models", "/api/tags")],
)
def test_one_api_alone(only: str, there: str, not_there: str) -> None:
    with served_face(face=only) as face:
        assert call(face.url, there)[0] == 200
        assert call(face.url, not_there)[0] == 404
