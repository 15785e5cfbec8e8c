from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.services.engine_http import FaceError, Gate, error_body, parse_body
from casewright.services.ollama_contract import (
    DEFAULTS,
    PLACEMENT,
    ChatBody,
    GenerateBody,
    Options,
    chat_request,
    check_context,
    generate_request,
)

SCHEMA = {"type": "object"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def body(**fields: Any) -> ChatBody:
    return ChatBody.model_validate({"model": "m", "messages": [{"role": "user", "content": "a"}], **fields})


def test_defaults_are_sent_and_overridden() -> None:
    assert chat_request(body(), "m").items() >= DEFAULTS.items()
    sent = chat_request(body(options={"top_k": 0, "num_predict": 0, "seed": 7}), "m")
    assert (sent["top_k"], sent["max_tokens"], sent["seed"]) == (0, 0, 7)


@pytest.mark.parametrize("unbounded", [-1, -2, None])
def test_no_bound_is_no_bound(unbounded: int | None) -> None:
    assert "max_tokens" not in chat_request(body(options={"num_predict": unbounded}), "m")


@pytest.mark.parametrize(
    ("given_format", "sent"),
    [
        ("json", {"type": "json_object"}),
        (
            SCHEMA,
            {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}},
        ),
        ("", None),
        (None, None),
    ],
)
def test_format(given_format: Any, sent: Any) -> None:
    assert chat_request(body(format=given_format), "m").get("response_format") == sent


def test_usage_is_asked_for_in_streams_only() -> None:
    assert chat_request(body(), "m")["stream_options"] == {"include_usage": True}
    assert "stream_options" not in chat_request(body(stream=False), "m")


def test_placement_is_named_not_sent() -> None:
    options = Options(num_thread=2, use_mmap=False, num_gpu=0)
    assert options.ignored() == ("num_gpu", "use_mmap", "num_thread")
    sent = chat_request(body(options=options.model_dump()), "m")
    assert not set(sent) & set(PLACEMENT)


def test_generate_with_a_system_text_is_a_chat() -> None:
    call = GenerateBody(model="m", prompt="p", system="s")
    assert generate_request(call, "m")["messages"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "p"},
    ]


def test_context_beyond_the_slot() -> None:
    check_context(Options(num_ctx=512), 512)
    check_context(None, 512)
    with pytest.raises(FaceError, match="--context 513") as caught:
        check_context(Options(num_ctx=513), 512)
    assert caught.value.status == 400


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused_with_400(value: Any) -> None:
    try:
        parse_body(ChatBody, json.dumps(value).encode())
    except FaceError as error:
        assert error.status == 400
        assert error.message


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_with_400(value: bytes) -> None:
    with pytest.raises(FaceError) as caught:
        parse_body(ChatBody, value)
    assert caught.value.status == 400


def test_the_gate_counts_and_frees_its_places() -> None:
    gate = Gate(1)
    with gate.admitted():
        with pytest.raises(FaceError) as caught, gate.admitted():
            raise AssertionError("nobody may come in")
        assert caught.value.headers == {"Retry-After": "1"}
    with pytest.raises(ValueError, match="inside"), gate.admitted():
        raise ValueError("inside")
    assert gate.inside == 0


def test_error_shapes() -> None:
    assert error_body("/api/chat", 400, "no") == {"error": "no"}
    assert error_body("/v1/models", 404, "no", "code")["error"] == {
        "message": "no",
        "type": "not_found_error",
        "param": None,
        "code": "code",
    }
