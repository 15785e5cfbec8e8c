"""OpenAI's answers, whole and as server-sent events, written by hand.

A stream has one frame a piece, so a frame is put together from text that was made once and the piece's own
JSON string; nothing is validated or copied per piece. Source: the OpenAI API reference (chat completion
chunk, completion, embeddings); ``reasoning_content`` is vLLM's and llama.cpp's name for what a model thinks.
"""

from __future__ import annotations

import base64
import json
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from casewright.engines.base import Answer
from casewright.engines.wire import Delta, DeltaKind, Finished
from casewright.values import Usage

DONE = "data: [DONE]\n\n"
EVENTS = "text/event-stream; charset=utf-8"


class Frames:
    """The frames of one streamed answer, in order: ``piece`` for each delta, then ``end`` once.

    ``chat`` False is the older completion format, which has no place for reasoning and tools: those pieces
    become no frame. ``usage`` is ``stream_options.include_usage``.
    """

    def __init__(self, *, chat: bool, identity: str, model: str, usage: bool) -> None:
        self._chat = chat
        self._usage = usage
        self._calls = 0
        self._role = '"role":"assistant",' if chat else ""
        kind = "chat.completion.chunk" if chat else "text_completion"
        self._head = (
            f'data: {{"id":{json.dumps(identity)},"object":"{kind}","created":{int(time.time())},'
            f'"model":{json.dumps(model)},"choices":['
        )
        self._tail = '],"usage":null}\n\n' if usage else "]}\n\n"

    def piece(self, delta: Delta) -> bytes:
        """One piece; empty where the format has no place for it."""
        text = delta.text
        if not self._chat:
            if delta.kind is not DeltaKind.CONTENT:
                return b""
            choice = f'{{"index":0,"text":{json.dumps(text)},"logprobs":null,"finish_reason":null}}'
            return f"{self._head}{choice}{self._tail}".encode()
        if delta.kind is DeltaKind.CONTENT:
            inner = f'"content":{json.dumps(text)}'
        elif delta.kind is DeltaKind.REASONING:
            inner = f'"reasoning_content":{json.dumps(text)}'
        else:
            inner = f'"tool_calls":[{json.dumps(self._tool(text))}]'
        role, self._role = self._role, ""
        choice = f'{{"index":0,"delta":{{{role}{inner}}},"logprobs":null,"finish_reason":null}}'
        return f"{self._head}{choice}{self._tail}".encode()

    def _tool(self, text: str) -> dict[str, Any]:
        """A fragment of a call as OpenAI's clients put it together; Ollama's calls come whole."""
        call = json.loads(text)
        function = call.get("function") or {}
        if isinstance(call.get("index"), int):
            self._calls = max(self._calls, call["index"] + 1)
            return {**call, "type": "function"} if call.get("id") else dict(call)
        arguments = function.get("arguments") or {}
        found = {
            "index": self._calls,
            "id": call.get("id") or f"call_{self._calls}",
            "type": "function",
            "function": {
                "name": function.get("name") or "",
                "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
            },
        }
        self._calls += 1
        return found

    def end(self, finished: Finished, about: Mapping[str, Any]) -> bytes:
        """The last frames: why it ended, the usage if asked for, and where it all came from."""
        reason = json.dumps(end_reason(finished.reason, tools=self._calls > 0))
        role = '"role":"assistant","content":""' if self._role else ""
        inner = f'"delta":{{{role}}}' if self._chat else '"text":""'
        choice = f'{{"index":0,{inner},"logprobs":null,"finish_reason":{reason}}}'
        source = f'],"casewright":{json.dumps(about)}'
        if not self._usage:
            return f"{self._head}{choice}{source}}}\n\n{DONE}".encode()
        usage = json.dumps(usage_object(finished.usage))
        last = f'{self._head}{source},"usage":{usage}}}\n\n'
        return f"{self._head}{choice}{self._tail}{last}{DONE}".encode()


def whole(
    answer: Answer, *, chat: bool, identity: str, model: str, about: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole completion."""
    reason = end_reason(answer.finish_reason, tools=bool(answer.tool_calls))
    choice: dict[str, Any] = {"index": 0, "logprobs": None, "finish_reason": reason}
    if chat:
        choice["message"] = _message(answer)
    else:
        choice["text"] = answer.text
    return {
        "id": identity,
        "object": "chat.completion" if chat else "text_completion",
        "created": int(time.time()),
        "model": model,
        "choices": [choice],
        "usage": usage_object(answer.usage),
        "casewright": about,
    }


def _message(answer: Answer) -> dict[str, Any]:
    content = None if answer.tool_calls and not answer.text else answer.text
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call["id"] or f"call_{place}",
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for place, call in enumerate(answer.tool_calls)
        ]
    return message


def end_reason(said: str | None, *, tools: bool) -> str:
    """The engine's reason in OpenAI's words: Ollama ends a tool call with ``stop``."""
    if tools and said in (None, "stop"):
        return "tool_calls"
    return said or "stop"


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """Tokens as the engine counted them; null where it did not say, never 0 for unknown."""
    if usage is None:
        return None
    known = usage.prompt_tokens is not None and usage.output_tokens is not None
    found: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": (usage.prompt_tokens or 0) + (usage.output_tokens or 0) if known else None,
    }
    if usage.cached_tokens is not None:
        found["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    return found


def embeddings(vectors: Sequence[Sequence[float]], model: str, *, packed: bool) -> dict[str, Any]:
    """Vectors as lists, or as base64 of 32-bit little-endian floats. How many tokens that took is unknown."""
    entries = [
        {
            "object": "embedding",
            "index": place,
            "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
            if packed
            else list(vector),
        }
        for place, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": entries, "model": model, "usage": None}
