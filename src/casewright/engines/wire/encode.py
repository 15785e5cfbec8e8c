"""Requests: the body and path of a chat or embeddings call in each wire format."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from casewright.engines.wire.types import Api, ChatRequest, Message
from casewright.errors import UsageError

_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


def chat_path(api: Api) -> str:
    """The path of a chat call."""
    return "/v1/chat/completions" if api is Api.OPENAI else "/api/chat"


def embed_path(api: Api) -> str:
    """The path of an embeddings call."""
    return "/v1/embeddings" if api is Api.OPENAI else "/api/embed"


def encode_chat(api: Api, request: ChatRequest) -> bytes:
    """The body of a chat call: compact JSON in UTF-8.

    Raises:
        UsageError: an image is neither PNG nor JPEG, or a tool call's arguments are no JSON object (Ollama).
    """
    body = _openai_chat(request) if api is Api.OPENAI else _ollama_chat(request)
    body.update(request.extra)
    return _compact(body)


def encode_embed(api: Api, model: str, texts: Sequence[str]) -> bytes:
    """The body of an embeddings call; a text too long for the model is an error, never cut silently."""
    body: dict[str, Any] = {"model": model, "input": list(texts)}
    if api is Api.OPENAI:
        body["encoding_format"] = "float"
    else:
        body["truncate"] = False
    return _compact(body)


def _openai_chat(request: ChatRequest) -> dict[str, Any]:
    """What vLLM and llama.cpp share, with every sampling field either would else choose itself.

    vLLM fills unsent fields from the model's ``generation_config.json`` and llama.cpp has ``min_p`` 0.05, so
    the penalty (``repetition_penalty`` in vLLM, ``repeat_penalty`` in llama.cpp; each ignores the other's
    name) and ``min_p`` are sent even when neutral. "No limit" of top_k is -1: every vLLM takes it (old ones
    refuse 0) and llama.cpp takes any value <= 0.
    """
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_openai_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k if sampling.top_k > 0 else -1,
        "min_p": 0.0,
        "seed": sampling.seed,
        "repetition_penalty": sampling.repeat_penalty,
        "repeat_penalty": sampling.repeat_penalty,
        "stream": request.stream,
    }
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    if request.stop:
        body["stop"] = list(request.stop)
    if request.json_schema is not None:
        schema = {"name": "answer", "strict": True, "schema": dict(request.json_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request.ignore_eos:
        body["ignore_eos"] = True
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    return body


def _openai_message(message: Message) -> dict[str, Any]:
    if message.tool_calls:
        calls = [
            {
                "id": call["id"] or f"call_{place}",
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for place, call in enumerate(message.tool_calls)
        ]
        return {"role": message.role, "content": message.content or None, "tool_calls": calls}
    if message.role == "tool":
        answered = {"tool_call_id": message.tool_call_id or "call_0"}
        return {"role": "tool", "content": message.content, **answered}
    if not message.images:
        return {"role": message.role, "content": message.content}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
    for image in message.images:
        url = f"data:{_media_type(image)};base64,{base64.b64encode(image).decode('ascii')}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return {"role": message.role, "content": parts}


def _ollama_chat(request: ChatRequest) -> dict[str, Any]:
    """Ollama's native chat call.

    ``truncate`` and ``shift`` are off: Ollama would else cut a long prompt, or slide the window while it
    answers, without a word; so an overflow is an HTTP 400. An empty ``stop`` is left out, since it would
    remove the stop words of the model's own Modelfile.
    """
    sampling = request.sampling
    options: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": max(sampling.top_k, 0),
        "min_p": 0.0,
        "seed": sampling.seed,
        "num_predict": request.max_tokens,
        "repeat_penalty": sampling.repeat_penalty,
    }
    if request.context_length is not None:
        options["num_ctx"] = request.context_length
    if request.stop:
        options["stop"] = list(request.stop)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_ollama_message(message) for message in request.messages],
        "stream": request.stream,
        "truncate": False,
        "shift": False,
        "options": options,
    }
    if request.json_schema is not None:
        body["format"] = dict(request.json_schema)
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    return body


def _ollama_message(message: Message) -> dict[str, Any]:
    encoded: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        for image in message.images:
            _media_type(image)
        encoded["images"] = [base64.b64encode(image).decode("ascii") for image in message.images]
    if message.tool_calls:
        encoded["tool_calls"] = [
            {"function": {"name": call["name"], "arguments": _object(call["arguments"])}}
            for call in message.tool_calls
        ]
    if message.tool_name is not None:
        encoded["tool_name"] = message.tool_name
    return encoded


def _object(arguments: str) -> dict[str, Any]:
    """A tool call's arguments as the object that Ollama takes."""
    try:
        found = json.loads(arguments or "{}")
    except ValueError as error:
        raise UsageError(
            f"a tool call's arguments are not JSON: {error}", hint="send them as the model gave them"
        ) from error
    if not isinstance(found, dict):
        raise UsageError(
            "a tool call's arguments are no JSON object", hint="send them as the model gave them"
        )
    return found


def _media_type(image: bytes) -> str:
    for magic, media_type in _PICTURES:
        if image.startswith(magic):
            return media_type
    raise UsageError("an image is neither PNG nor JPEG", hint="convert it to PNG first")


def _compact(body: dict[str, Any]) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate (from a broken document) has no UTF-8 form; "?" is what Python's own codec puts there.
    return text.encode("utf-8", "replace")
