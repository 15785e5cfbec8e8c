"""Requests as bytes, for both formats."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from casewright.engines.wire import (
    Api,
    ChatRequest,
    Message,
    Sampling,
    chat_path,
    embed_path,
    encode_chat,
    encode_embed,
)
from casewright.errors import UsageError

PNG = b"\x89PNG\r\n\x1a\n rest"
JPEG = b"\xff\xd8\xff rest"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {}}}


def _body(api: Api, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"model": "m", "messages": (Message("user", "hé"),), "max_tokens": 7} | changes
    encoded = encode_chat(api, ChatRequest(**fields))
    decoded: dict[str, Any] = json.loads(encoded)
    return decoded


def test_paths() -> None:
    assert [chat_path(api) for api in Api] == ["/v1/chat/completions", "/api/chat"]
    assert [embed_path(api) for api in Api] == ["/v1/embeddings", "/api/embed"]


def test_openai_sends_every_sampling_field_even_when_neutral() -> None:
    assert _body(Api.OPENAI) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hé"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "top_p": 1.0,
        "top_k": -1,
        "min_p": 0.0,
        "seed": 0,
        "repetition_penalty": 1.0,
        "repeat_penalty": 1.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_ollama_sends_every_sampling_field_and_forbids_silent_truncation() -> None:
    assert _body(Api.OLLAMA) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hé"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {
            "temperature": 0.0,
            "top_p": 1.0,
            "top_k": 0,
            "min_p": 0.0,
            "seed": 0,
            "num_predict": 7,
            "repeat_penalty": 1.0,
        },
    }


def test_openai_options() -> None:
    body = _body(
        Api.OPENAI,
        sampling=Sampling(0.5, 0.9, 40, 3, 1.1),
        stop=("\n",),
        json_schema=SCHEMA,
        ignore_eos=True,
        context_length=512,
        stream=False,
        tools=(TOOL,),
        extra={"priority": 1, "min_p": 0.1},
    )
    assert (body["temperature"], body["top_p"], body["top_k"], body["seed"]) == (0.5, 0.9, 40, 3)
    assert (body["repetition_penalty"], body["repeat_penalty"]) == (1.1, 1.1)
    assert body["stop"] == ["\n"]
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    }
    assert body["ignore_eos"] is True
    assert body["tools"] == [TOOL]
    assert (body["priority"], body["min_p"]) == (1, 0.1)
    assert "stream_options" not in body
    assert "num_ctx" not in json.dumps(body)


def test_ollama_options() -> None:
    body = _body(
        Api.OLLAMA,
        sampling=Sampling(0.5, 0.9, 40, 3, 1.1),
        stop=("\n",),
        json_schema=SCHEMA,
        ignore_eos=True,
        context_length=512,
        stream=False,
        tools=(TOOL,),
    )
    options = body["options"]
    assert (options["temperature"], options["top_k"], options["repeat_penalty"]) == (0.5, 40, 1.1)
    assert (options["num_ctx"], options["stop"]) == (512, ["\n"])
    assert body["format"] == SCHEMA
    assert body["stream"] is False
    assert body["tools"] == [TOOL]
    assert "ignore_eos" not in json.dumps(body)


@pytest.mark.parametrize(("image", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_images(image: bytes, media_type: str) -> None:
    messages = (Message("user", "what?", (image,)),)
    encoded = base64.b64encode(image).decode()
    assert _body(Api.OPENAI, messages=messages)["messages"][0]["content"] == [
        {"type": "text", "text": "what?"},
        {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{encoded}"}},
    ]
    assert _body(Api.OLLAMA, messages=messages)["messages"][0] == {
        "role": "user",
        "content": "what?",
        "images": [encoded],
    }


@pytest.mark.parametrize("api", list(Api))
def test_an_image_of_another_kind_is_refused(api: Api) -> None:
    with pytest.raises(UsageError, match="PNG nor JPEG"):
        _body(api, messages=(Message("user", "", (b"GIF89a",)),))


@pytest.mark.parametrize("api", list(Api))
def test_the_body_is_compact_utf8_and_survives_a_lone_surrogate(api: Api) -> None:
    encoded = encode_chat(api, ChatRequest("m", (Message("user", "é\ud83d"),), 1))
    assert "é?".encode() in encoded
    assert b'": ' not in encoded
    json.loads(encoded)


def test_embeddings() -> None:
    assert json.loads(encode_embed(Api.OPENAI, "m", ["a", "b"])) == {
        "model": "m",
        "input": ["a", "b"],
        "encoding_format": "float",
    }
    assert json.loads(encode_embed(Api.OLLAMA, "m", ["a"])) == {
        "model": "m",
        "input": ["a"],
        "truncate": False,
    }
