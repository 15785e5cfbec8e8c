"""OpenAI's messages as the engines get them: text, and pictures that were sent along."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from casewright.engines.wire import Message
from casewright.services.gateway_errors import Refusal, unsupported

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def read_messages(raws: Sequence[Mapping[str, Any]], warnings: list[str]) -> tuple[Message, ...]:
    """A conversation; a tool's result is known by its call's id, and by its name for engines that want that.

    Raises:
        Refusal: 400, naming the part that no engine's request has a place for.
    """
    names: dict[str, str] = {}
    found = []
    for place, raw in enumerate(raws):
        message = read_message(place, raw, warnings)
        names |= {call["id"]: call["name"] for call in message.tool_calls}
        if message.role == "tool":
            if message.tool_call_id not in names:
                raise Refusal(
                    f"messages[{place}] answers a tool call that no message before it made",
                    param=f"messages[{place}].tool_call_id",
                    code="invalid_value",
                )
            message = replace(message, tool_name=names[message.tool_call_id])
        found.append(message)
    return tuple(found)


def read_message(place: int, raw: Mapping[str, Any], warnings: list[str]) -> Message:
    """One message: its text, and its pictures after the text; what is not kept goes into ``warnings``.

    Raises:
        Refusal: 400, naming the part that no engine's request has a place for.
    """
    param = f"messages[{place}]"
    given = {name: value for name, value in raw.items() if value is not None and value != []}
    role = given.pop("role", None)
    if role == "function" or "function_call" in given:
        raise unsupported(param, "functions are called by tool_calls")
    calls = _calls(given.pop("tool_calls", []), role, param)
    answers = given.pop("tool_call_id", None)
    if (role == "tool") != isinstance(answers, str):
        raise Refusal(
            f"{param}: tool_call_id belongs to a message of role tool",
            param=f"{param}.tool_call_id",
            code="invalid_value",
        )
    if calls:
        given.setdefault("content", "")
    if not isinstance(role, str) or role not in ROLES:
        raise Refusal(
            f"{param}.role is none of {', '.join(ROLES)}", param=f"{param}.role", code="invalid_value"
        )
    content = given.pop("content", None)
    given.pop("refusal", None)
    given.pop("annotations", None)
    for name in given:
        if name not in ("name", "reasoning_content"):
            raise unsupported(f"{param}.{name[:100]}")
        warnings.append(f"{name} of a message was not sent")
    if isinstance(content, str):
        return Message(ROLES[role], content, tool_calls=calls, tool_call_id=answers)
    if not isinstance(content, list):
        raise Refusal(
            f"{param}.content is neither a text nor a list of parts",
            param=f"{param}.content",
            code="invalid_value",
        )
    message = _of_parts(ROLES[role], content, f"{param}.content", warnings)
    return replace(message, tool_calls=calls, tool_call_id=answers)


def _calls(given: Any, role: Any, param: str) -> tuple[dict[str, Any], ...]:
    """An assistant's tool calls, as ``Message`` has them."""
    where = f"{param}.tool_calls"
    if given and role != "assistant":
        raise Refusal(f"{where} belong to an assistant's message", param=where, code="invalid_value")
    found = []
    for call in given if isinstance(given, list) else [None]:
        function = call.get("function") if isinstance(call, dict) else None
        made = {
            "id": call.get("id") if isinstance(call, dict) else None,
            "name": function.get("name") if isinstance(function, dict) else None,
            "arguments": function.get("arguments") if isinstance(function, dict) else None,
        }
        if not all(isinstance(word, str) for word in made.values()) or not _is_object(made["arguments"]):
            raise Refusal(
                f"{where} are functions with an id, a name and a JSON object of arguments as text",
                param=where,
                code="invalid_value",
            )
        found.append(made)
    return tuple(found)


def _is_object(text: Any) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False


def _of_parts(role: str, parts: list[Any], param: str, warnings: list[str]) -> Message:
    texts: list[str] = []
    images: list[bytes] = []
    for place, part in enumerate(parts):
        here = f"{param}[{place}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            if images:
                warnings.append("pictures are sent after the text of their message")
            texts.append(part["text"])
        elif kind == "image_url" and role == "user":
            images.append(_picture(part.get("image_url"), here))
        else:
            raise unsupported(here, "a part is a text, or in a user's message a picture")
    return Message(role, "\n".join(texts), tuple(images))


def _picture(given: Any, param: str) -> bytes:
    """A picture out of a data URL; nothing is ever fetched for a caller."""
    url = given.get("url") if isinstance(given, dict) else None
    if not isinstance(url, str) or not url.startswith("data:"):
        why = "a picture is sent as a data: URL; addresses are not fetched"
        raise Refusal(why, param=param, code="invalid_image_url")
    head, _, encoded = url.partition(",")
    try:
        data = base64.b64decode(encoded, validate=True) if head.endswith(";base64") else b""
    except (binascii.Error, ValueError):
        data = b""
    if not data.startswith(_PICTURES):
        raise Refusal("a picture is a base64 PNG or JPEG", param=param, code="invalid_image")
    return data
