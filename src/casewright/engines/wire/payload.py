"""One JSON payload of either format into events; also usage, durations and tool calls."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from casewright.engines.wire.types import Delta, DeltaKind
from casewright.values import Usage

_SURROGATE = re.compile("[\ud800-\udfff]")
_OLLAMA_DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
_MAX_MESSAGE = 500


class NotTheProtocol(ValueError):
    """A payload is not what the format says; the text says what is wrong with it."""


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object from UTF-8 bytes.

    Raises:
        NotTheProtocol: it is not UTF-8, not JSON, nested beyond reason, or not an object.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotTheProtocol(f"not UTF-8: {excerpt(data)}") from error
    except (ValueError, RecursionError) as error:
        raise NotTheProtocol(f"not JSON: {excerpt(data)}") from error
    if not isinstance(value, dict):
        raise NotTheProtocol(f"not a JSON object: {excerpt(data)}")
    return value


def excerpt(data: bytes, limit: int = 120) -> str:
    """The beginning of some bytes, printable, on one line."""
    text = " ".join(data[: 4 * limit].decode("utf-8", "replace").split())
    return text if len(text) <= limit else text[:limit] + "..."


def error_message(value: object) -> str | None:
    """What an ``error`` field says: a string, or an object with ``message``; None when there is no error."""
    if not value:
        return None
    if isinstance(value, Mapping):
        inner = value.get("message") or value.get("error") or value
        value = inner if isinstance(inner, str) else json.dumps(inner, default=str)
    return str(value)[:_MAX_MESSAGE] or "an error without a message"


def text_of(value: object, where: str) -> str:
    """A text field: missing and null are empty; lone surrogates become U+FFFD, which can be stored.

    Raises:
        NotTheProtocol: it is there and is not a string.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotTheProtocol(f"{where} is not a string")
    if not value.isascii() and _SURROGATE.search(value):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def count_of(value: object) -> int | None:
    """A token count, or None for anything that is not a whole number from 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def message_deltas(message: Mapping[str, Any], at_ns: int) -> list[Delta]:
    """The non-empty pieces of an OpenAI ``delta`` or ``message``, or of an Ollama ``message``.

    Reasoning is ``reasoning_content`` (llama.cpp, older vLLM), ``reasoning`` (vLLM) or ``thinking`` (Ollama);
    where a server sends the same piece under two names it is counted once.
    """
    found: list[Delta] = []
    for name in ("reasoning_content", "reasoning", "thinking"):
        value = message.get(name)
        if value is not None and (text := text_of(value, name)):
            found.append(Delta(DeltaKind.REASONING, text, at_ns))
            break
    value = message.get("content")
    if value is not None and (text := text_of(value, "content")):
        found.append(Delta(DeltaKind.CONTENT, text, at_ns))
    for call in tool_calls_of(message) if "tool_calls" in message else ():
        found.append(Delta(DeltaKind.TOOL, json.dumps(call, separators=(",", ":"), default=str), at_ns))
    return found


def tool_calls_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fragments of tool calls that carry a name or arguments.

    Raises:
        NotTheProtocol: ``tool_calls`` is not a list of objects with a ``function``.
    """
    calls = message.get("tool_calls")
    if calls is None:
        return []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise NotTheProtocol("tool_calls is not a list of objects")
    found = []
    for call in calls:
        function = call.get("function") or {}
        if not isinstance(function, dict):
            raise NotTheProtocol("a tool call's function is not an object")
        if function.get("name") or function.get("arguments"):
            found.append(call)
    return found


def merge_tool_calls(fragments: Iterable[str]) -> list[dict[str, Any]]:
    """Whole tool calls from the texts of TOOL deltas: ``{"id", "name", "arguments"}`` with a JSON string.

    OpenAI's fragments carry an ``index`` and pieces of the arguments' text; Ollama's calls come whole, with
    the arguments as an object.
    """
    merged: dict[tuple[str, int], dict[str, Any]] = {}
    for number, fragment in enumerate(fragments):
        call = cast(dict[str, Any], json.loads(fragment))
        function = call.get("function") or {}
        index = call.get("index")
        key = ("index", index) if isinstance(index, int) else ("whole", number)
        entry = merged.setdefault(key, {"id": None, "name": "", "arguments": ""})
        entry["id"] = entry["id"] or call.get("id")
        entry["name"] = entry["name"] or function.get("name") or ""
        arguments = function.get("arguments") or ""
        entry["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)
    return list(merged.values())


def openai_usage(usage: object, timings: object) -> Usage | None:
    """Usage of the OpenAI format; None when the server sent none.

    ``cached_tokens`` is ``prompt_tokens_details.cached_tokens``, else llama.cpp's ``timings.cache_n``.
    """
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    cached = count_of(details.get("cached_tokens")) if isinstance(details, Mapping) else None
    if cached is None and isinstance(timings, Mapping):
        cached = count_of(timings.get("cache_n"))
    return Usage(
        prompt_tokens=count_of(usage.get("prompt_tokens")),
        output_tokens=count_of(usage.get("completion_tokens")),
        cached_tokens=cached,
    )


def openai_durations(timings: object) -> dict[str, int]:
    """llama.cpp's ``timings`` (milliseconds, floats) in nanoseconds; empty for other servers."""
    found = {}
    if isinstance(timings, Mapping):
        for name in ("prompt", "predicted"):
            value = timings.get(f"{name}_ms")
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if math.isfinite(value) and value >= 0:
                found[name] = round(value * 1_000_000)
    return found


def ollama_usage(line: Mapping[str, Any]) -> Usage | None:
    """Usage of Ollama's last line; None when it carries no metrics at all (done_reason ``load``).

    Ollama leaves fields that are zero out (``omitempty`` in its ``api/types.go``), so beside other metrics a
    missing ``eval_count`` is a true 0. A missing ``prompt_eval_count`` is unknown instead: no templated
    prompt has 0 tokens, and older servers left it out when the whole prompt came from the cache.
    """
    if not any(name in line for name in (*_OLLAMA_DURATIONS, "prompt_eval_count", "eval_count")):
        return None
    return Usage(
        prompt_tokens=count_of(line.get("prompt_eval_count")),
        output_tokens=count_of(line.get("eval_count", 0)),
    )


def ollama_durations(line: Mapping[str, Any]) -> dict[str, int]:
    """The durations of Ollama's last line, nanoseconds, those that are there."""
    found = {}
    for name in _OLLAMA_DURATIONS:
        value = count_of(line.get(name))
        if value is not None:
            found[name] = value
    return found
