"""Just enough HTTP/1.1 for the simulator: request heads after RFC 9112, and the chat fields in a body.

A client repeats its heads byte for byte but for the content-length, so parsed heads are kept by their bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from casewright.bench.sim_config import MAX_TOKENS, SimConfig
from casewright.bench.sim_frames import Wanted
from casewright.engines.wire import Api

MAX_HEAD = 64 * 1024
_KEEP_HEADS = 4096
_VALUE = re.compile(rb"\s*:\s*(true|false|null|-?\d+)")


@dataclass(frozen=True, slots=True)
class Head:
    """A parsed request head. ``refused`` is the status that answers a head we cannot serve."""

    method: bytes
    path: bytes
    length: int = 0
    keep_alive: bool = True
    expects: bool = False
    refused: int | None = None


class Heads:
    """Parses heads, remembering a bounded number of them."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def parse(self, raw: bytes) -> Head:
        """The head in ``raw`` (without the empty line)."""
        head = self._known.get(raw)
        if head is None:
            if len(self._known) >= _KEEP_HEADS:
                self._known.clear()
            head = self._known[raw] = parse_head(raw)
        return head


def parse_head(raw: bytes) -> Head:
    """Parse request line and header lines; whatever is not HTTP/1.1 gets ``refused`` set."""
    request, *lines = raw.split(b"\r\n")
    words = request.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        return Head(b"", b"", refused=400, keep_alive=False)
    method, target, version = words
    path = target.partition(b"?")[0]
    if version != b"HTTP/1.1":
        return Head(method, path, refused=505, keep_alive=False)
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            return Head(method, path, refused=400, keep_alive=False)
        fields[name.lower()] = value.strip()
    keep = fields.get(b"connection", b"").lower() != b"close"
    if b"transfer-encoding" in fields:
        return Head(method, path, refused=411, keep_alive=False)
    length = fields.get(b"content-length", b"0")
    if not re.fullmatch(rb"\d{1,18}", length):
        return Head(method, path, refused=400, keep_alive=False)
    expects = fields.get(b"expect", b"").lower() == b"100-continue"
    return Head(method, path, int(length), keep, expects)


def read_chat(api: Api, body: bytes, config: SimConfig) -> Wanted | None:
    """What a chat body asks for, by looking for its few fields; None when it is not a JSON object.

    A quote inside a JSON string is always escaped, so ``"stream"`` followed by a colon is a key wherever
    it stands, and no prompt can contain one.
    """
    text = body.strip()
    if text[:1] != b"{" or text[-1:] != b"}":
        return None
    if api is Api.OPENAI:
        stream = _field(body, b'"stream"') == b"true"
        usage = not stream or _field(body, b'"include_usage"') == b"true"
        limit = _number(body, b'"max_tokens"') or _number(body, b'"max_completion_tokens"')
    else:
        stream = _field(body, b'"stream"') != b"false"
        usage = True
        limit = _number(body, b'"num_predict"')
    if config.tokens is None:
        tokens = min(limit or config.default_tokens, MAX_TOKENS)
    else:
        tokens = min(config.tokens, limit or config.tokens)
    prompt = body.count(b" ") + 1 if config.prompt_tokens is None else config.prompt_tokens
    return Wanted(api, stream, usage, tokens, prompt, at_limit=tokens == limit)


def _field(body: bytes, name: bytes) -> bytes | None:
    at = body.find(name)
    while at >= 0:
        found = _VALUE.match(body, at + len(name))
        if found:
            return found.group(1)
        at = body.find(name, at + 1)
    return None


def _number(body: bytes, name: bytes) -> int | None:
    """A positive whole number; Ollama's -1 (no limit) counts as absent."""
    value = _field(body, name)
    if value is None or not value.isdigit():
        return None
    return int(value[:18]) or None
