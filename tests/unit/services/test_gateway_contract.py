from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from casewright.engines.wire import Api, ChatRequest, Message, Sampling, encode_chat
from casewright.services.gateway_contract import (
    NEUTRAL,
    Call,
    GatewayEmbeddingBody,
    read,
    read_chat,
    read_completion,
)
from casewright.services.gateway_errors import Refusal
from casewright.services.gateway_messages import read_messages

HELLO = {"role": "user", "content": "Hello"}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 8
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def chat(**fields: Any) -> Call:
    return read_chat(json.dumps({"model": "m", "messages": [HELLO]} | fields).encode(), 77)


def refused(**fields: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        chat(**fields)
    assert caught.value.status == 400
    return caught.value


def picture(url: str) -> list[dict[str, Any]]:
    return [
        {
            "role": "user",
            "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}],
        }
    ]


def test_everything_an_engine_can_do_reaches_its_request() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    call = chat(
        messages=[{"role": "developer", "content": "Be short."}, HELLO],
        max_completion_tokens=9,
        temperature=0.5,
        top_p=0.25,
        seed=7,
        stop="END",
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        tools=[TOOL],
        stream=True,
        stream_options={"include_usage": True},
        user="ada",
        top_k=-1,
        repetition_penalty=1.1,
        ignore_eos=True,
    )
    assert call.request == ChatRequest(
        model="m",
        messages=(Message("system", "Be short."), Message("user", "Hello")),
        max_tokens=9,
        sampling=Sampling(temperature=0.5, top_p=0.25, top_k=0, seed=7, repeat_penalty=1.1),
        stop=("END",),
        json_schema=schema,
        ignore_eos=True,
        tools=(TOOL,),
    )
    assert (call.stream, call.include_usage, call.user, call.ignored) == (True, True, "ada", ())


def test_without_sampling_the_defaults_are_openais_and_seeds_differ() -> None:
    one, two = chat(), chat()
    assert (one.request.sampling.temperature, one.request.sampling.top_p) == (1.0, 1.0)
    assert one.request.sampling.seed != two.request.sampling.seed
    assert (one.request.max_tokens, one.capped, chat(max_tokens=3).capped) == (77, True, False)


def test_a_seed_of_any_size_becomes_one_that_every_engine_takes() -> None:
    assert chat(seed=-1).request.sampling.seed == 2**31 - 1
    assert chat(seed=2**31 + 5).request.sampling.seed == 5


def test_an_answer_may_be_held_to_any_json_object() -> None:
    assert chat(response_format={"type": "json_object"}).request.json_schema == {"type": "object"}
    assert chat(response_format={"type": "text"}).request.json_schema is None


@pytest.mark.parametrize(("name", "values"), sorted(NEUTRAL.items()))
def test_what_happens_anyway_may_be_asked_for(name: str, values: tuple[Any, ...]) -> None:
    for value in (*values, None):
        assert chat(**{name: value}).request.messages


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("n", True),
        ("logprobs", True),
        ("logprobs", 0),
        ("presence_penalty", 0.5),
        ("frequency_penalty", -1),
        ("logit_bias", {"5": 1}),
        ("reasoning_effort", "low"),
        ("audio", {}),
        ("tool_choice", "required"),
        ("functions", [{"name": "f"}]),
        ("web_search_options", {}),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(name: str, value: Any) -> None:
    refusal = refused(**{name: value})
    assert (refusal.param, refusal.code) == (name, "unsupported_parameter")
    assert name in refusal.message


def test_a_parameter_nobody_knows_is_refused_and_harmless_ones_are_named() -> None:
    assert (refused(tempratur=1).param, refused(tempratur=1).code) == ("tempratur", "unknown_parameter")
    call = chat(store=True, metadata={"a": "b"}, service_tier="auto", prompt_cache_key="k", prediction=None)
    assert call.ignored == ("metadata", "prompt_cache_key", "service_tier", "store")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"stop": ["a", ""]}, "stop"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"other": True}}, "stream_options"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"tools": [{"type": "retrieval"}]}, "tools"),
        ({"model": ""}, "model"),
    ],
)
def test_what_does_not_fit_names_the_parameter(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields).param == param


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_value"),
        (b'{"model": "m"}', "missing_required_parameter"),
        (b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}', "invalid_json"),
    ],
)
def test_a_body_that_is_none_says_what_is_wrong(body: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_chat(body, 1)
    assert caught.value.code == code


def test_pictures_come_with_the_message_and_are_never_fetched() -> None:
    encoded = base64.b64encode(PNG).decode()
    call = chat(messages=picture(f"data:image/png;base64,{encoded}"))
    assert call.request.messages == (Message("user", "What?", (PNG,)),)
    assert refused(messages=picture("http://127.0.0.1/a.png")).code == "invalid_image_url"
    for bad in ("data:image/png;base64,%%%", "data:image/png,abc", "data:image/gif;base64,R0lGODlh"):
        assert refused(messages=picture(bad)).code == "invalid_image"


def test_a_picture_before_the_text_and_a_name_are_reported_as_lost() -> None:
    encoded = base64.b64encode(PNG).decode()
    message = picture(f"data:image/png;base64,{encoded}")[0]
    message["content"].reverse()
    call = chat(messages=[message | {"name": "ada"}])
    assert len(call.warnings) == 2


def test_what_a_client_hands_back_of_an_answer_is_taken() -> None:
    """The official client sends an answer's null fields back."""
    back = {"role": "assistant", "content": "Hi", "refusal": None, "annotations": None, "tool_calls": None}
    assert chat(messages=[HELLO, back, HELLO]).request.messages[1] == Message("assistant", "Hi")


def test_a_completion_is_a_chat_and_says_so() -> None:
    call = read_completion(
        b'{"model": "m", "prompt": ["Once"], "best_of": 1, "echo": false, "logprobs": null}'
    )
    assert call.request.messages == (Message("user", "Once"),)
    assert (call.request.max_tokens, call.capped) == (16, True)
    assert "user's message" in call.warnings[0]
    for field in ('"echo": true', '"suffix": "x"', '"best_of": 3', '"logprobs": 2', '"n": 2'):
        with pytest.raises(Refusal, match="not supported"):
            read_completion(f'{{"model": "m", "prompt": "a", {field}}}'.encode())
    for prompt in ("[1, 2]", '["a", "b"]', "[]"):
        with pytest.raises(Refusal, match="prompt"):
            read_completion(f'{{"model": "m", "prompt": {prompt}}}'.encode())


def test_embeddings_take_texts_and_no_tokens() -> None:
    asked, ignored = read(GatewayEmbeddingBody, b'{"model": "m", "input": ["a", "b"], "user": "ada"}')
    assert (asked.input, ignored) == (["a", "b"], ())
    for fields in ('"input": [1, 2]', '"input": []', '"input": "a", "dimensions": 4'):
        with pytest.raises(Refusal):
            read(GatewayEmbeddingBody, f'{{"model": "m", {fields}}}'.encode())


CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Leeds"}'}}
LOOP: list[dict[str, Any]] = [
    {"role": "user", "content": "What is the weather?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
]


def test_a_tools_result_is_handed_back_as_each_engine_wants_it() -> None:
    messages = read_messages(LOOP, [])
    request = ChatRequest(model="m", messages=messages, max_tokens=4)
    openai = json.loads(encode_chat(Api.OPENAI, request))["messages"]
    assert openai[1] == {"role": "assistant", "content": None, "tool_calls": [CALL]}
    assert openai[2] == {"role": "tool", "content": "rain", "tool_call_id": "c1"}
    ollama = json.loads(encode_chat(Api.OLLAMA, request))["messages"]
    assert ollama[1]["tool_calls"] == [{"function": {"name": "weather", "arguments": {"city": "Leeds"}}}]
    assert ollama[2] == {"role": "tool", "content": "rain", "tool_name": "weather"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"role": "tool", "content": "rain"}, "messages[2].tool_call_id"),
        ({"role": "tool", "content": "rain", "tool_call_id": "c2"}, "messages[2].tool_call_id"),
        ({"role": "user", "content": "x", "tool_call_id": "c1"}, "messages[2].tool_call_id"),
        ({"role": "user", "content": "x", "tool_calls": [CALL]}, "messages[2].tool_calls"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "messages[2].tool_calls"),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "["}}]},
            "messages[2].tool_calls",
        ),
    ],
)
def test_tool_messages_that_do_not_fit(change: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_messages([*LOOP[:2], change], [])
    assert caught.value.param == param
