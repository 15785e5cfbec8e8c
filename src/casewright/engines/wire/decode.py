"""Answers: an incremental stream decoder for both formats, and the decoders of whole bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casewright.engines.wire.framing import EventFramer, LineFramer, Payload, TooLong
from casewright.engines.wire.payload import (
    NotTheProtocol,
    error_message,
    message_deltas,
    ollama_durations,
    ollama_usage,
    openai_durations,
    openai_usage,
    parse_object,
    text_of,
)
from casewright.engines.wire.types import Api, Delta, Event, Failed, Finished

_DONE = b"[DONE]"


class StreamDecoder:
    """Decode one streamed answer, fed with bytes in whatever pieces they come.

    Exactly one terminal event (``Finished`` or ``Failed``) is ever emitted; what comes after it is ignored.
    A role-only chunk and an empty delta are no tokens and give no event. The terminal frame is ``[DONE]``
    for OPENAI and the line with ``done: true`` for OLLAMA.
    """

    def __init__(self, api: Api, *, max_line_bytes: int = 1 << 20) -> None:
        self._openai = api is Api.OPENAI
        self._framer = EventFramer(max_line_bytes) if self._openai else LineFramer(max_line_bytes)
        self._max = max_line_bytes
        self._closed = False
        self._reason: str | None = None
        self._model: str | None = None
        self._usage: object = None
        self._timings: object = None

    @property
    def closed(self) -> bool:
        """Whether the terminal event has been emitted."""
        return self._closed

    def feed(self, data: bytes, at_ns: int) -> list[Event]:
        """Events completed by ``data``, which the socket handed over at ``at_ns``."""
        if self._closed:
            return []
        events: list[Event] = []
        try:
            payloads = self._framer.feed(data)
        except TooLong as error:
            self._decode(error.before, at_ns, events)
            self._fail("line_too_long", f"a line of more than {self._max} bytes", at_ns, events)
            return events
        self._decode(payloads, at_ns, events)
        return events

    def end(self, at_ns: int) -> list[Event]:
        """The stream is over: a last unframed terminal counts, anything else is ``Failed("truncated")``.

        Idempotent: a second call gives nothing.
        """
        if self._closed:
            return []
        events: list[Event] = []
        try:
            rest = self._framer.end()
        except TooLong:
            rest = []
        for payload in rest:
            self._last_words(payload, at_ns, events)
        self._fail("truncated", "the stream ended without its terminal frame", at_ns, events)
        return events

    def _last_words(self, payload: Payload, at_ns: int, events: list[Event]) -> None:
        """Use an unterminated last frame if it is whole; a half one is truncation, not bad protocol."""
        if self._closed:
            return
        if self._openai and payload.data != _DONE and not payload.error and not payload.bare:
            return
        try:
            self._one(payload, at_ns, events)
        except NotTheProtocol:
            return

    def _decode(self, payloads: Sequence[Payload], at_ns: int, events: list[Event]) -> None:
        for payload in payloads:
            if self._closed:
                return
            try:
                self._one(payload, at_ns, events)
            except NotTheProtocol as error:
                self._fail("malformed", str(error), at_ns, events)

    def _one(self, payload: Payload, at_ns: int, events: list[Event]) -> None:
        if self._openai and payload.data == _DONE:
            self._finish(
                openai_usage(self._usage, self._timings), openai_durations(self._timings), at_ns, events
            )
            return
        body = parse_object(payload.data)
        message = _stated_error(body) or (error_message(body) if payload.error else None)
        if message is not None:
            self._fail("stream_error", message, at_ns, events)
        elif payload.bare:
            raise NotTheProtocol("a line of JSON that is not a server-sent event")
        elif self._openai:
            self._openai_chunk(body, at_ns, events)
        else:
            self._ollama_line(body, at_ns, events)

    def _openai_chunk(self, body: Mapping[str, Any], at_ns: int, events: list[Event]) -> None:
        self._model = self._model or _text_or_none(body.get("model"))
        self._usage = body.get("usage") or self._usage
        self._timings = body.get("timings") or self._timings
        for choice in _choices(body):
            delta = choice.get("delta")
            if isinstance(delta, Mapping):
                events.extend(message_deltas(delta, at_ns))
            elif delta is not None:
                raise NotTheProtocol("delta is not an object")
            if choice.get("finish_reason") is not None:
                self._reason = _text_or_none(choice["finish_reason"]) or self._reason

    def _ollama_line(self, body: Mapping[str, Any], at_ns: int, events: list[Event]) -> None:
        self._model = self._model or _text_or_none(body.get("model"))
        events.extend(_ollama_deltas(body, at_ns))
        if body.get("done") is True:
            self._reason = _text_or_none(body.get("done_reason"))
            self._finish(ollama_usage(body), ollama_durations(body), at_ns, events)

    def _finish(self, usage: Any, server_ns: Mapping[str, int], at_ns: int, events: list[Event]) -> None:
        self._closed = True
        events.append(Finished(self._reason, usage, at_ns, self._model, server_ns))

    def _fail(self, kind: str, message: str, at_ns: int, events: list[Event]) -> None:
        if not self._closed:
            self._closed = True
            events.append(Failed(kind, message, at_ns))


def decode_body(api: Api, body: bytes, at_ns: int) -> list[Event]:
    """Events of a whole answer (``stream`` false): its pieces, then the terminal event; never raises."""
    try:
        answer = parse_object(body)
        message = _stated_error(answer)
        if message is not None:
            return [Failed("stream_error", message, at_ns)]
        return _openai_answer(answer, at_ns) if api is Api.OPENAI else _ollama_answer(answer, at_ns)
    except NotTheProtocol as error:
        return [Failed("malformed", str(error), at_ns)]


def _openai_answer(answer: Mapping[str, Any], at_ns: int) -> list[Event]:
    choices = _choices(answer)
    if not choices:
        raise NotTheProtocol("an answer without choices")
    events: list[Event] = []
    reason = None
    for choice in choices:
        message = choice.get("message")
        if not isinstance(message, Mapping):
            raise NotTheProtocol("a choice without a message")
        events.extend(message_deltas(message, at_ns))
        reason = _text_or_none(choice.get("finish_reason")) or reason
    timings = answer.get("timings")
    usage = openai_usage(answer.get("usage"), timings)
    events.append(
        Finished(reason, usage, at_ns, _text_or_none(answer.get("model")), openai_durations(timings))
    )
    return events


def _ollama_answer(answer: Mapping[str, Any], at_ns: int) -> list[Event]:
    events: list[Event] = list(_ollama_deltas(answer, at_ns))
    if answer.get("done") is not True:
        return [*events, Failed("truncated", "the answer is not marked done", at_ns)]
    model, reason = _text_or_none(answer.get("model")), _text_or_none(answer.get("done_reason"))
    events.append(Finished(reason, ollama_usage(answer), at_ns, model, ollama_durations(answer)))
    return events


def decode_embeddings(api: Api, body: bytes, count: int) -> list[list[float]] | Failed:
    """The vectors of ``count`` texts, in the texts' order; ``Failed`` when the body is not that."""
    try:
        answer = parse_object(body)
        message = _stated_error(answer)
        if message is not None:
            return Failed("stream_error", message, 0)
        vectors = _openai_vectors(answer) if api is Api.OPENAI else answer.get("embeddings")
        if not isinstance(vectors, list) or len(vectors) != count:
            raise NotTheProtocol(f"not {count} embeddings")
        return [_vector(vector) for vector in vectors]
    except NotTheProtocol as error:
        return Failed("malformed", str(error), 0)


def _openai_vectors(answer: Mapping[str, Any]) -> list[Any]:
    data = answer.get("data")
    if not isinstance(data, list) or not all(isinstance(item, Mapping) for item in data):
        raise NotTheProtocol("an embeddings answer without data")
    # The standard gives each vector its text's index; servers that batch may answer out of order.
    placed = [(item.get("index", place), item.get("embedding")) for place, item in enumerate(data)]
    if sorted(str(index) for index, _ in placed) != sorted(str(number) for number in range(len(placed))):
        raise NotTheProtocol("the embeddings' indexes are not 0 to n-1")
    return [vector for _, vector in sorted(placed, key=lambda pair: int(pair[0]))]


def _vector(value: object) -> list[float]:
    if not isinstance(value, list) or not value:
        raise NotTheProtocol("an embedding is not a list of numbers")
    if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
        raise NotTheProtocol("an embedding is not a list of numbers")
    return [float(item) for item in value]


def _stated_error(body: Mapping[str, Any]) -> str | None:
    """The error a payload states: ``error`` in all servers, ``object: error`` in older vLLM."""
    if body.get("object") == "error":
        return error_message(body)
    return error_message(body.get("error"))


def _choices(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = body.get("choices")
    if choices is None:
        if "usage" in body or "timings" in body:
            return []
        raise NotTheProtocol("a chunk without choices")
    if not isinstance(choices, list) or not all(isinstance(choice, Mapping) for choice in choices):
        raise NotTheProtocol("choices is not a list of objects")
    return choices


def _ollama_deltas(body: Mapping[str, Any], at_ns: int) -> list[Delta]:
    message = body.get("message")
    if message is None:
        if "done" not in body:
            raise NotTheProtocol("a line with neither message nor done")
        return []
    if not isinstance(message, Mapping):
        raise NotTheProtocol("message is not an object")
    return message_deltas(message, at_ns)


def _text_or_none(value: object) -> str | None:
    return text_of(value, "") or None if isinstance(value, str) else None
