"""Whole bodies, embeddings, tool calls, durations, error answers: what the stream suite does not cover."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.engines.wire import (
    Api,
    Delta,
    DeltaKind,
    Failed,
    Finished,
    StreamDecoder,
    accepts_content_type,
    decode_body,
    decode_embeddings,
    decode_error,
    merge_tool_calls,
    parse_retry_after,
)
from casewright.errors import every_error
from casewright.values import Usage

NAMES = ["choices", "message", "delta", "content", "usage", "timings", "prompt_ms", "error", "done", "model"]
NAMES += ["tool_calls", "function", "eval_count", "prompt_tokens", "finish_reason"]


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_whole_openai_answer() -> None:
    body = _encoded(
        {
            "model": "m",
            "choices": [
                {
                    "message": {"role": "assistant", "content": "hi", "reasoning_content": "hm"},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
            "timings": {"cache_n": 1, "prompt_ms": 1.5, "predicted_ms": 20, "predicted_per_second": 100.0},
        }
    )
    assert decode_body(Api.OPENAI, body, 5) == [
        Delta(DeltaKind.REASONING, "hm", 5),
        Delta(DeltaKind.CONTENT, "hi", 5),
        Finished(
            "stop",
            Usage(prompt_tokens=3, output_tokens=2, cached_tokens=1),
            5,
            "m",
            {"prompt": 1_500_000, "predicted": 20_000_000},
        ),
    ]


def test_a_whole_ollama_answer() -> None:
    body = _encoded(
        {
            "model": "m",
            "message": {"content": "hi"},
            "done": True,
            "done_reason": "stop",
            "total_duration": 9,
            "eval_count": 1,
            "eval_duration": 4,
        }
    )
    assert decode_body(Api.OLLAMA, body, 5) == [
        Delta(DeltaKind.CONTENT, "hi", 5),
        Finished("stop", Usage(output_tokens=1), 5, "m", {"total_duration": 9, "eval_duration": 4}),
    ]


@pytest.mark.parametrize(
    ("api", "body", "kind"),
    [
        (Api.OPENAI, b"", "malformed"),
        (Api.OPENAI, b"\xff\xfe", "malformed"),
        (Api.OPENAI, b"[]", "malformed"),
        (Api.OPENAI, b'{"choices":[]}', "malformed"),
        (Api.OPENAI, b'{"choices":[{"delta":{}}]}', "malformed"),
        (Api.OPENAI, b'{"choices":[{"message":{"content":7}}]}', "malformed"),
        (Api.OPENAI, b'{"choices":[{"message":{"tool_calls":[1]}}]}', "malformed"),
        (Api.OPENAI, b'{"error":{"message":"no"}}', "stream_error"),
        (Api.OPENAI, b'{"object":"error","message":"no","code":400}', "stream_error"),
        (Api.OLLAMA, b'{"error":"no"}', "stream_error"),
        (Api.OLLAMA, b'{"message":{"content":""},"done":false}', "truncated"),
        (Api.OLLAMA, b'{"message":"hi","done":true}', "malformed"),
    ],
)
def test_bodies_that_are_no_answer(api: Api, body: bytes, kind: str) -> None:
    last = decode_body(api, body, 1)[-1]
    assert isinstance(last, Failed)
    assert last.kind == kind


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(Api)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(NAMES),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ),
)
def test_any_json_gives_one_terminal_event_and_never_raises(api: Api, value: object) -> None:
    body = _encoded(value)
    whole = decode_body(api, body, 1)
    decoder = StreamDecoder(api)
    framed = b"data: " + body + b"\n\n" if api is Api.OPENAI else body + b"\n"
    streamed = decoder.feed(framed, 1) + decoder.end(1)
    for events in (whole, streamed):
        assert [isinstance(event, Delta) for event in events] == [True] * (len(events) - 1) + [False]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e999", '"5"', "null", "true"])
def test_durations_and_counts_that_are_none_are_left_out(value: str) -> None:
    start = '{"choices":[{"message":{"content":"a"}}],"usage":{"completion_tokens":2,"prompt_tokens":'
    body = start + value + '},"timings":{"prompt_ms":' + value + "}}"
    finished = decode_body(Api.OPENAI, body.encode(), 1)[-1]
    assert isinstance(finished, Finished)
    assert finished.usage == Usage(output_tokens=2)
    assert finished.server_ns == {}


def test_two_tool_calls_in_fragments() -> None:
    fragments = [
        '{"index":0,"id":"a","function":{"name":"f","arguments":""}}',
        '{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}',
        '{"index":0,"function":{"arguments":"{\\"x\\":1}"}}',
    ]
    assert merge_tool_calls(fragments) == [
        {"id": "a", "name": "f", "arguments": '{"x":1}'},
        {"id": "b", "name": "g", "arguments": "{}"},
    ]


def test_embeddings_in_both_formats() -> None:
    openai = {"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.0, 2.0]}]}
    assert decode_embeddings(Api.OPENAI, _encoded(openai), 2) == [[1.0, 2.0], [3.0, 4.0]]
    assert decode_embeddings(Api.OLLAMA, _encoded({"embeddings": [[1, 2]]}), 1) == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("api", "body"),
    [
        (Api.OPENAI, {"data": [{"index": 0, "embedding": [1]}]}),
        (Api.OPENAI, {"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}),
        (Api.OPENAI, {"data": [{"index": "x", "embedding": [1]}, {"embedding": [1]}]}),
        (Api.OPENAI, {"data": [1, 2]}),
        (Api.OLLAMA, {"embeddings": [[1], []]}),
        (Api.OLLAMA, {"embeddings": [[1], ["a"]]}),
        (Api.OLLAMA, {"embeddings": [[1], [True]]}),
        (Api.OLLAMA, {}),
        (Api.OLLAMA, {"error": "no"}),
    ],
)
def test_embeddings_that_are_none(api: Api, body: object) -> None:
    assert isinstance(decode_embeddings(api, _encoded(body), 2), Failed)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"model \'x\' not found"}', "model_not_found"),
        (400, b'{"error":{"code":"model_not_found","message":"nope"}}', "model_not_found"),
        (400, b'{"error":{"code":"context_length_exceeded","message":"too much"}}', "context_overflow"),
        (
            500,
            b'{"error":{"message":"Context size has been exceeded.","type":"server_error"}}',
            "context_overflow",
        ),
        (413, b"too large", "bad_request"),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "bad_request"),
        (499, b"", "bad_request"),
        (500, b"\xff\xfe", "server_failure"),
        (501, b'{"error":{"message":"no embeddings"}}', "server_failure"),
        (504, b"<html>", "server_failure"),
        (204, b"", "malformed"),
    ],
)
def test_error_answers(status: int, body: bytes, kind: str) -> None:
    failed = decode_error(Api.OPENAI, status, {}, body, at_ns=4)
    assert (failed.kind, failed.status, failed.at_ns) == (kind, status, 4)
    assert failed.message.startswith(f"HTTP {status}: ")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(Api)), st.integers(100, 599), st.binary(max_size=80), st.text(max_size=30))
def test_any_error_answer_is_a_kind_of_the_tree(api: Api, status: int, body: bytes, retry: str) -> None:
    failed = decode_error(api, status, {"retry-after": retry, "date": retry}, body)
    assert failed.kind in every_error()
    assert "\n" not in failed.message


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("0", None, 0.0),
        (" 120 ", None, 120.0),
        ("1.5", None, 1.5),
        ("-1", None, None),
        ("soon", None, None),
        ("9" * 400, None, None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None, None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:29 GMT", 30.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:59:59 GMT", 0.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "nonsense", None),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, date) == seconds


@pytest.mark.parametrize(
    ("api", "value", "stream", "accepted"),
    [
        (Api.OPENAI, "text/event-stream; charset=utf-8", True, True),
        (Api.OPENAI, "Text/Event-Stream", True, True),
        (Api.OPENAI, "application/json", True, False),
        (Api.OPENAI, "application/json", False, True),
        (Api.OLLAMA, "application/x-ndjson", True, True),
        (Api.OLLAMA, "text/html", True, False),
        (Api.OLLAMA, "text/html", False, False),
        (Api.OLLAMA, None, True, True),
    ],
)
def test_content_types(api: Api, value: str | None, stream: bool, accepted: bool) -> None:
    assert accepts_content_type(api, value, stream=stream) is accepted
