"""The official ``openai`` client against the gateway over scripted engines."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from casewright.engines.policy import Capabilities, Route
from casewright.engines.scripted import Fail, RealClock, Say, Script, ScriptedEngine, in_turn
from casewright.engines.wire import DeltaKind
from casewright.services.kit.keys import KeyStore
from casewright.values import Usage
from contract.gateway_served import MODEL, Gateway, gateway
from contract.services import ask

MESSAGES: Any = [{"role": "user", "content": "one two three"}]
TOOLS: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n0000").decode()
USAGE = Usage(prompt_tokens=3, output_tokens=2)


def says(*texts: str) -> Script:
    return Script(tuple(Say(text) for text in texts), USAGE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway(tmp_path_factory.mktemp("plain")) as served:
        yield served


def fallen(kind: str, **more: Any) -> Script:
    return Script((Fail(kind, **more),))


def test_a_whole_answer_has_words_usage_and_origin(plain: Gateway) -> None:
    raw = plain.client().chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    answer = raw.parse()
    assert answer.choices[0].message.content == "one two three"
    assert (answer.object, answer.model, answer.choices[0].finish_reason) == (
        "chat.completion",
        MODEL,
        "stop",
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (3, 6)
    said = {
        name: raw.headers[f"x-casewright-{name}"] for name in ("provider", "model", "attempts", "fallback")
    }
    assert said == {"provider": "one", "model": MODEL, "attempts": "1", "fallback": "false"}
    source = answer.model_extra and answer.model_extra["casewright"]
    assert source is not None
    assert [tried["outcome"] for tried in source["attempts"]] == ["ok"]
    assert source["request_id"] == raw.headers["x-request-id"]
    assert answer.id == f"chatcmpl-{source['request_id']}"


def test_a_stream_has_the_same_words(plain: Gateway) -> None:
    chunks = list(
        plain.client().chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == "one two three"
    assert [choice.delta.role for choice in choices] == ["assistant", None, None, None]
    assert [choice.finish_reason for choice in choices] == [None, None, None, "stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["casewright"]["provider"] == "one"
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_clients_own_stream_helper_works(plain: Gateway) -> None:
    with plain.client().chat.completions.stream(model=MODEL, messages=MESSAGES) as stream:
        assert stream.get_final_completion().choices[0].message.content == "one two three"


def test_an_asyncio_client_gets_many_answers_at_once(plain: Gateway) -> None:
    async def words(client: openai.AsyncOpenAI, number: int) -> str:
        stream = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": f"number {number}"}], stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    async def all_of_them() -> list[str]:
        async with plain.async_client() as client:
            return await asyncio.gather(*(words(client, number) for number in range(12)))

    assert asyncio.run(all_of_them()) == [f"number {number}" for number in range(12)]


def test_a_completion_and_its_stream(plain: Gateway) -> None:
    client = plain.client()
    answer = client.completions.create(model=MODEL, prompt="once upon", max_tokens=1)
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("once", "length")
    assert answer.model_extra is not None
    assert "user's message" in answer.model_extra["casewright"]["warnings"][0]
    stream = client.completions.create(model=MODEL, prompt="once upon", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices) == "once upon"


def test_embeddings_are_the_same_as_numbers_and_as_base64(plain: Gateway) -> None:
    client = plain.client()
    plainly = client.embeddings.create(model=MODEL, input=["a", "b"], encoding_format="float")
    packed = client.embeddings.create(model=MODEL, input=["a", "b"])  # the client asks for base64
    assert [entry.index for entry in plainly.data] == [0, 1]
    assert [entry.embedding for entry in packed.data] == [entry.embedding for entry in plainly.data]
    assert len(client.embeddings.create(model=MODEL, input="a").data) == 1
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=MODEL, input=[1, 2])


def test_models_are_listed_and_found(plain: Gateway) -> None:
    client = plain.client()
    assert [entry.id for entry in client.models.list()] == ["auto", MODEL]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("of/another")
    assert caught.value.code == "model_not_found"


def test_any_model_is_the_engines_own(plain: Gateway) -> None:
    assert plain.client().chat.completions.create(model="auto", messages=MESSAGES).model == MODEL


def test_a_model_that_is_not_there_is_404(plain: Gateway) -> None:
    for stream in (False, True):
        with pytest.raises(openai.NotFoundError) as caught:
            plain.client().chat.completions.create(model="other", messages=MESSAGES, stream=stream)
        assert caught.value.code == "model_not_found"


def test_a_model_that_an_engine_may_have_which_is_away_is_no_404(tmp_path: Path) -> None:
    dead, other = fallen("connection_refused", message="nobody"), fallen("model_not_found", status=404)
    with gateway(tmp_path, in_turn(dead), in_turn(other)) as served:
        for stream in (False, True):
            with pytest.raises(openai.InternalServerError) as caught:
                served.client().chat.completions.create(model="auto", messages=MESSAGES, stream=stream)
            assert caught.value.code == "all_engines_failed"
            assert "nobody" in caught.value.message


def test_parameters_are_refused_by_name_or_noted(plain: Gateway) -> None:
    client = plain.client()
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=MESSAGES, n=2)
    assert (caught.value.param, caught.value.code) == ("n", "unsupported_parameter")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=MESSAGES, extra_body={"surprise": 1})
    assert (caught.value.param, caught.value.type) == ("surprise", "invalid_request_error")
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES, store=True)
    assert raw.headers["x-casewright-ignored"] == "store"


def test_tools_schema_and_reasoning_are_passed_on(tmp_path: Path) -> None:
    call = json.dumps({"index": 0, "id": "c1", "function": {"name": "weather", "arguments": "{}"}})
    steps = (Say("hm", DeltaKind.REASONING), Say(call, DeltaKind.TOOL))
    with gateway(tmp_path, lambda _request: Script(steps, USAGE, "tool_calls")) as served:
        client = served.client()
        schema: Any = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
        answer = client.chat.completions.create(
            model=MODEL, messages=MESSAGES, tools=TOOLS, response_format=schema
        )
        found = answer.choices[0].message.tool_calls
        assert found is not None
        assert found[0].id == "c1"
        assert answer.choices[0].finish_reason == "tool_calls"
        with client.chat.completions.stream(model=MODEL, messages=MESSAGES, tools=TOOLS) as stream:
            message = stream.get_final_completion().choices[0].message
        assert message.tool_calls is not None
        assert message.tool_calls[0].function.name == "weather"
        assert message.model_extra is not None
        assert message.model_extra["reasoning_content"] == "hm"
        assert served.engines[0].requests[0].json_schema == {"type": "object"}
        assert served.engines[0].requests[0].tools == tuple(TOOLS)


def test_what_an_engine_cannot_do_is_a_warning_or_a_refusal(tmp_path: Path) -> None:
    engine = ScriptedEngine(model=MODEL, clock=RealClock())
    weak = Route("weak", engine, MODEL, capabilities=Capabilities(tools=False, json_schema=False))
    with gateway(tmp_path, routes=(weak,)) as served:
        client = served.client()
        answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=TOOLS)
        assert answer.model_extra is not None
        assert "no tools" in answer.model_extra["casewright"]["warnings"][0]
        part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        with pytest.raises(openai.BadRequestError, match="no images"):
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": [part]}])  # type: ignore[list-item,misc]


@pytest.mark.parametrize("stream", [False, True])
def test_a_fallback_is_seen_in_the_headers_only(tmp_path: Path, stream: bool) -> None:
    with gateway(tmp_path, in_turn(fallen("connection_refused")), in_turn(says("all", " well"))) as served:
        raw = served.client().chat.completions.with_raw_response.create(
            model=MODEL, messages=MESSAGES, stream=stream
        )
        text = raw.http_response.read().decode()
    assert raw.headers["x-casewright-provider"] == "two"
    assert (raw.headers["x-casewright-attempts"], raw.headers["x-casewright-fallback"]) == ("2", "true")
    last = text if not stream else text.split("\n\n")[-3].removeprefix("data: ")
    outcomes = [tried["outcome"] for tried in json.loads(last)["casewright"]["attempts"]]
    assert outcomes == ["connection_refused", "ok"]


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        (fallen("context_overflow", message="9 of 4", status=400), 400, "context_length_exceeded"),
        (fallen("bad_request", status=400), 400, "engine_refused"),
    ],
)
def test_what_is_wrong_with_the_request_is_the_clients(
    tmp_path: Path, script: Script, status: int, code: str
) -> None:
    with gateway(tmp_path, in_turn(script)) as served:
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError) as caught:
                served.client().chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)
            assert (caught.value.status_code, caught.value.code) == (status, code)


@pytest.mark.parametrize("stream", [False, True])
def test_when_all_engines_fail_the_causes_are_named(tmp_path: Path, stream: bool) -> None:
    dead, broken = fallen("connection_refused", message="nobody"), fallen("server_failure", message="oops")
    with (
        gateway(tmp_path, in_turn(dead), in_turn(broken)) as served,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        served.client().chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (502, "all_engines_failed")
    assert "nobody" in caught.value.message
    assert "oops" in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
def test_busy_engines_say_when_to_come_again(tmp_path: Path, stream: bool) -> None:
    busy = fallen("overloaded", status=503, retry_after_s=7.0)
    with (
        gateway(tmp_path, in_turn(busy), in_turn(busy)) as served,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        served.client().chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)
    assert caught.value.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.parametrize("restart", [False, True])
def test_a_stream_that_breaks_ends_with_an_error_and_is_never_spliced(tmp_path: Path, restart: bool) -> None:
    half = Script((Say("half"), Fail("connection_lost", "cut")))
    with gateway(tmp_path, in_turn(half), in_turn(says("second")), restart=restart) as served:
        stream = served.client().chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        seen: list[str] = []
        with pytest.raises(openai.APIError, match="connection_lost" if restart else "cut"):
            for chunk in stream:
                seen.append(chunk.choices[0].delta.content or "")
        raw = served.client().chat.completions.with_raw_response.create(
            model=MODEL, messages=MESSAGES, stream=True
        )
        text = raw.http_response.read().decode()
    assert seen == ["half"]
    assert "[DONE]" not in text
    assert "second" not in text
    assert (
        json.loads(text.strip().split("\n\n")[-1].removeprefix("data: "))["error"]["type"] == "server_error"
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_frees_its_place(tmp_path: Path, stream: bool) -> None:
    slow = Script((Say("a"), Say("b", after_s=60.0)), USAGE)
    with gateway(tmp_path, in_turn(slow)) as served:
        host, port = served.url.removeprefix("http://").split(":")
        body = json.dumps({"model": MODEL, "messages": MESSAGES, "stream": stream}).encode()
        with socket.create_connection((host, int(port))) as client:
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body)
            _wait_for(lambda: len(served.engines[0].requests) == 1)
            if stream:
                assert b"200 OK" in client.recv(4096)
        _wait_for(lambda: served.engines[0].cancelled == 1)
        _wait_for(lambda: served.router.status()[0].inside == 0)


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.01)


def test_a_key_is_asked_for_in_openais_words(tmp_path: Path) -> None:
    _, token = KeyStore(tmp_path).create("client", ["admin"])
    with gateway(tmp_path) as served:
        with pytest.raises(openai.AuthenticationError) as caught:
            served.client("cw_0_wrong").models.list()
        assert caught.value.code == "invalid_api_key"
        assert served.client(token).models.list().data


def test_urls_that_are_not_offered_have_openais_shape_too(plain: Gateway) -> None:
    status, _, body = ask(f"{plain.url}/v1/images/generations", b"{}")
    assert (status, body["error"]["code"]) == (404, "unknown_url")
    status, headers, body = ask(f"{plain.url}/v1/chat/completions")
    assert (status, headers["allow"], body["error"]["type"]) == (405, "POST", "invalid_request_error")


def test_a_body_that_is_too_large_has_openais_shape(plain: Gateway) -> None:
    status, _, body = ask(f"{plain.url}/v1/chat/completions", b" " * (4 * 1024 * 1024 + 1))
    assert (status, body["error"]["param"]) == (413, None)


def test_health_and_metrics_are_the_kits(plain: Gateway) -> None:
    assert ask(f"{plain.url}/health")[2]["service"] == "gateway"
    assert 'casewright_answers_total{answered_by="model",provider="one"}' in ask(f"{plain.url}/metrics")[2]
