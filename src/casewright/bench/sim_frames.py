"""The bytes of the simulator's answers, built once and shared; both wire formats.

``POST /v1/chat/completions`` after the OpenAI API reference (server-sent events) and ``POST /api/chat``
after Ollama's ``docs/api.md`` (newline-delimited JSON); HTTP/1.1 chunked coding after RFC 9112, 7.1.
Every event is an HTTP chunk of its own, as the real servers write it. :data:`ID` stands where a request's
own id goes and is as long as one, so a frame's length never changes.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from casewright.bench.sim_config import SimConfig
from casewright.engines.wire import Api

ID = b"@request-id@"
_TEXT = (
    "The advice given that day was to keep every letter and to note each date"
    " in the file before the hearing so that nothing rests on memory alone"
)
WORDS = tuple(_TEXT.split())
_CACHE_LIMIT = 2048
_SERVER = b"server: casewright-simulator\r\n"
_CONTENT_TYPE = {Api.OPENAI: b"text/event-stream; charset=utf-8", Api.OLLAMA: b"application/x-ndjson"}
LAST_CHUNK = b"0\r\n\r\n"
REASONS = {
    200: b"OK", 400: b"Bad Request", 401: b"Unauthorized", 404: b"Not Found", 405: b"Method Not Allowed",
    411: b"Length Required", 413: b"Content Too Large", 429: b"Too Many Requests",
    431: b"Request Header Fields Too Large", 500: b"Internal Server Error", 503: b"Service Unavailable",
    505: b"HTTP Version Not Supported",
}  # fmt: skip
_OPENAI_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


class End(Enum):
    """What happens to the connection after the last frame."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()
    STALL = auto()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for, as far as it changes the answer's bytes."""

    api: Api
    stream: bool
    usage: bool
    tokens: int
    prompt_tokens: int
    at_limit: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """A good answer in pieces, for faults to take apart. ``whole``: not streamed, one token piece."""

    head: bytes
    tokens: tuple[bytes, ...]
    tail: tuple[bytes, ...]
    role_only: bytes
    whole: bool


@dataclass(slots=True)
class Answer:
    """Frames in writing order. ``first`` and ``last`` index the frames with the first and last token.

    ``gaps_ns`` None: the first frame waits for the time to first token (or, unstreamed, for the whole
    generation), each other for the inter-token time; otherwise the wait before each frame.
    """

    frames: list[bytes]
    first: int | None
    last: int | None
    tokens: int
    end: End = End.KEEP
    gaps_ns: list[int] | None = None
    whole: bool = False
    blob: bytes = field(default=b"")


def chunk(payload: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def response(status: int, body: bytes, *, kind: bytes = b"application/json", extra: bytes = b"") -> bytes:
    """A complete answer with content-length; ``extra`` are further header lines, each ended by CRLF."""
    head = b"HTTP/1.1 %d %b\r\n%bcontent-type: %b\r\n" % (status, REASONS[status], _SERVER, kind)
    return head + b"content-length: %d\r\n%b\r\n%b" % (len(body), extra, body)


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def error_body(api: Api, status: int, message: str) -> bytes:
    """An error in the API's own shape."""
    if api is Api.OLLAMA:
        return encode({"error": message})
    kind = _OPENAI_ERRORS.get(status, "BadRequestError")
    return encode({"error": {"message": message, "type": kind, "param": None, "code": status}})


def event(api: Api, payload: bytes) -> bytes:
    """One event of a stream as a chunk: an SSE data line, or a JSON line."""
    return chunk(b"data: %b\n\n" % payload if api is Api.OPENAI else payload + b"\n")


class Frames:
    """Builds and keeps the answers of one configuration, a bounded number of them."""

    def __init__(self, config: SimConfig) -> None:
        self._config = config
        self._created = int(time.time())
        self._created_at = datetime.fromtimestamp(self._created, UTC).isoformat().replace("+00:00", "Z")
        self._answers: dict[Wanted, Answer] = {}
        self._pieces = {api: tuple(self._token(api, i) for i in range(len(WORDS))) for api in Api}
        self._first = {api: self._token(api, 0, role=True) for api in Api}

    def answer(self, wanted: Wanted) -> Answer:
        """The good answer; shared, so not to be changed."""
        found = self._answers.get(wanted)
        if found is None:
            if len(self._answers) >= _CACHE_LIMIT:
                self._answers.clear()
            found = self._answers[wanted] = assemble(self.parts(wanted))
            found.tokens = wanted.tokens
            found.blob = b"".join(found.frames)
        return found

    def parts(self, wanted: Wanted, *, usage: bool = True) -> Parts:
        """The good answer in pieces; ``usage`` False leaves out every token count."""
        if not wanted.stream:
            return self._whole(wanted, usage)
        api = wanted.api
        head = b"HTTP/1.1 200 OK\r\n%bcontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n"
        pieces = self._pieces[api]
        return Parts(
            head=head % (_SERVER, _CONTENT_TYPE[api]),
            tokens=(self._first[api], *(pieces[i % len(pieces)] for i in range(1, wanted.tokens))),
            tail=tuple(event(api, payload) for payload in self._tail(wanted, usage)),
            role_only=event(api, self._delta(api, {"role": "assistant", "content": ""})),
            whole=False,
        )

    def text_event(self, api: Api, text: str) -> bytes:
        """A token event with any text."""
        delta = {"content": text} if api is Api.OPENAI else {"role": "assistant", "content": text}
        return event(api, self._delta(api, delta))

    def _token(self, api: Api, index: int, role: bool = False) -> bytes:
        text = WORDS[index] if role else " " + WORDS[index]
        if role:
            return event(api, self._delta(api, {"role": "assistant", "content": text}))
        return self.text_event(api, text)

    def _delta(self, api: Api, delta: dict[str, str]) -> bytes:
        if api is Api.OLLAMA:
            return encode(self._line({"message": delta, "done": False}))
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        return encode(self._object("chat.completion.chunk", [choice]))

    def _tail(self, wanted: Wanted, usage: bool) -> list[bytes]:
        if wanted.api is Api.OLLAMA:
            return [encode(self._done(wanted, "", usage))]
        finish = {
            "index": 0,
            "delta": {},
            "logprobs": None,
            "finish_reason": "length" if wanted.at_limit else "stop",
        }
        frames = [encode(self._object("chat.completion.chunk", [finish]))]
        if usage and wanted.usage:
            counts = {"usage": _usage(wanted)}
            frames.append(encode(self._object("chat.completion.chunk", []) | counts))
        return [*frames, b"[DONE]"]

    def _whole(self, wanted: Wanted, usage: bool) -> Parts:
        text = " ".join(WORDS[i % len(WORDS)] for i in range(wanted.tokens))
        if wanted.api is Api.OLLAMA:
            body = self._done(wanted, text, usage)
        else:
            message = {"role": "assistant", "content": text}
            reason = "length" if wanted.at_limit else "stop"
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
            body = self._object("chat.completion", [choice]) | ({"usage": _usage(wanted)} if usage else {})
        head, _, content = response(200, encode(body)).partition(b"\r\n\r\n")
        return Parts(head=head + b"\r\n\r\n", tokens=(content,), tail=(), role_only=b"", whole=True)

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{ID.decode()}",
            "object": kind,
            "created": self._created,
            "model": self._config.model,
            "choices": choices,
        }

    def _line(self, rest: dict[str, Any]) -> dict[str, Any]:
        return {"model": self._config.model, "created_at": self._created_at, **rest}

    def _done(self, wanted: Wanted, text: str, usage: bool) -> dict[str, Any]:
        reason = "length" if wanted.at_limit else "stop"
        line = self._line(
            {"message": {"role": "assistant", "content": text}, "done": True, "done_reason": reason}
        )
        if not usage:
            return line
        prefill_ns = int(self._config.ttft_ms * 1e6)
        decode_ns = int(self._config.itl_ms * 1e6) * (wanted.tokens - 1)
        counts = {
            "total_duration": prefill_ns + decode_ns,
            "prompt_eval_count": wanted.prompt_tokens,
            "prompt_eval_duration": prefill_ns,
            "eval_count": wanted.tokens,
            "eval_duration": decode_ns,
        }
        # Ollama's encoder leaves out zero fields (Go's omitempty), so clients must cope with that.
        return line | {name: value for name, value in counts.items() if value}


def assemble(parts: Parts) -> Answer:
    """The good answer of its pieces: head with the first token, tail with the last."""
    frames = list(parts.tokens)
    frames[0] = parts.head + frames[0]
    if not parts.whole:
        frames[-1] += b"".join(parts.tail) + LAST_CHUNK
    return Answer(frames=frames, first=0, last=len(frames) - 1, tokens=len(parts.tokens), whole=parts.whole)


def _usage(wanted: Wanted) -> dict[str, int]:
    return {
        "prompt_tokens": wanted.prompt_tokens,
        "total_tokens": wanted.prompt_tokens + wanted.tokens,
        "completion_tokens": wanted.tokens,
    }
