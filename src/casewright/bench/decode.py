"""From the raw spool to request records, behind the hot path.

Each socket read is given to the HTTP parser and its body bytes to the stream decoder with the read's own
time, so a token's time is when the socket handed over the bytes that completed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casewright.bench.arrivals import IndexSet
from casewright.bench.http1 import FramingError, Head, ResponseParser
from casewright.bench.record import RequestRecord
from casewright.bench.spool import SegmentReader, SpoolRecord, segments
from casewright.engines.wire import (
    Api,
    Delta,
    DeltaKind,
    Event,
    Failed,
    Finished,
    StreamDecoder,
    accepts_content_type,
    decode_body,
    decode_error,
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the stored bytes say: the head, the pieces generated, and how it ended."""

    head: Head | None
    deltas: tuple[Delta, ...]
    finished: Finished | None
    failed: Failed | None


def records(run_dir: Path) -> Iterator[RequestRecord]:
    """Every record of a run, segment by segment, in flat memory.

    A request that was cut in one session and finished in a later one comes once, as finished.
    """
    paths = segments(run_dir)
    finished = (
        finished_indices(run_dir) if len({path.name.split("-worker")[0] for path in paths}) > 1 else None
    )
    for path in paths:
        reader = SegmentReader(path)
        for raw in reader:
            if raw.cut and finished is not None and raw.index in finished:
                continue
            header = reader.header
            yield decode_record(raw, Api(header["api"]), header["session"], header["process"])


def finished_indices(run_dir: Path) -> IndexSet:
    """The indices of the requests that completed or failed (not: were cut) in any session."""
    found = IndexSet()
    for path in segments(run_dir):
        for raw in SegmentReader(path).records(payloads=False):
            if not raw.cut:
                found.add(raw.index)
    return found


def decode_record(raw: SpoolRecord, api: Api, session: int, process: int) -> RequestRecord:
    """One request. ``text`` is the content (not reasoning, not tool calls), also of a broken answer.

    The error is the server's own word where it gave one (an HTTP error, an error in the stream, bytes that
    are no protocol), else what the load generator saw (a deadline, a lost connection). A stream that ended
    in order but without its terminal frame is ``truncated``.
    """
    answer = _read(raw, api)
    error, message, retry_after = _verdict(raw, answer)
    deltas, finished = answer.deltas, answer.finished
    usage = finished.usage if finished is not None else None
    stamps = [delta.at_ns for delta in deltas]
    output = usage.output_tokens if usage is not None else None
    return RequestRecord(
        index=raw.index,
        session=session,
        process=process,
        warmup=raw.warmup,
        cut=raw.cut,
        t_sched=raw.t_sched,
        t_send=raw.t_send,
        t_connected=raw.t_connected,
        t_first_byte=raw.times[0] if len(raw.times) else None,
        t_first_token=stamps[0] if stamps else None,
        t_last_token=stamps[-1] if stamps else None,
        t_end=raw.t_end,
        status=answer.head.status if answer.head is not None else raw.status,
        error=error,
        error_message=message,
        retry_after_s=retry_after,
        reconnects=raw.reconnects,
        prompt_tokens=usage.prompt_tokens if usage is not None else None,
        output_tokens=output,
        cached_tokens=usage.cached_tokens if usage is not None else None,
        chunks=len(deltas),
        first_chunk_tokens=first_chunk_tokens([len(delta.text) for delta in deltas], output),
        chunk_gaps_ns=tuple(map(int.__sub__, stamps[1:], stamps)),
        finish_reason=finished.reason if finished is not None else None,
        text="".join([delta.text for delta in deltas if delta.kind is DeltaKind.CONTENT]),
        dropped=raw.payload is None,
    )


def first_chunk_tokens(lengths: Sequence[int], output_tokens: int | None) -> int | None:
    """Tokens in the first delta: 1 when deltas and tokens are as many, else by its share of the text.

    ``lengths`` are the deltas' characters. One token more than deltas still counts as "as many": the token
    that ends the answer is counted by servers and has no text. Never more than leaves one token for each
    other delta. None without deltas or without the server's count.
    """
    if not lengths or output_tokens is None:
        return None
    if output_tokens <= len(lengths) + 1:
        return 1
    share = round(output_tokens * lengths[0] / sum(lengths))
    return max(1, min(share, output_tokens - (len(lengths) - 1)))


def tokens_seen(api: Api, pieces: Sequence[bytes]) -> bool:
    """Whether the bytes so far hold a token (a role-only chunk is none); never raises."""
    parser, decoder = ResponseParser(), StreamDecoder(api)
    try:
        body = parser.feed(b"".join(pieces))
    except FramingError:
        return False
    return any(isinstance(event, Delta) for part in body for event in decoder.feed(part, 0))


class _Stream:
    """``StreamDecoder``, quicker where the events of one answer differ in nothing but a plain text.

    When an event that stood alone gave exactly one content delta, an event with the same bytes around the
    text gives one too and leaves the decoder in the same state, so that it need not be decoded, as long as
    the text is printable and has neither quote nor backslash. Only the last event decoded in full is such
    a pattern; anything else is decoded in full.
    """

    __slots__ = ("_after", "_before", "_decoder", "_whole")

    def __init__(self, api: Api) -> None:
        self._decoder = StreamDecoder(api)
        self._before = self._after = b""
        self._whole = True

    def feed(self, part: bytes, at_ns: int, events: list[Event]) -> None:
        """Append the events that ``part`` completes."""
        before, after = self._before, self._after
        if before and part.startswith(before) and part.endswith(after):
            text = _plain(part[len(before) : -len(after)])
            if text:
                events.append(Delta(DeltaKind.CONTENT, text, at_ns))
                return
        found = self._decoder.feed(part, at_ns)
        events += found
        self._before = self._after = b""
        alone, self._whole = self._whole, part.endswith(b"\n\n")
        if alone and self._whole and len(found) == 1:
            self._learn(part, found[0])

    def end(self, at_ns: int, events: list[Event]) -> None:
        """The body is over."""
        events += self._decoder.end(at_ns)

    def _learn(self, part: bytes, event: Event) -> None:
        """Remember what is around the text, if it can be found without doubt."""
        if not isinstance(event, Delta) or event.kind is not DeltaKind.CONTENT or part.count(b"\n\n") != 1:
            return
        matches = list(_CONTENT.finditer(part))
        begin = matches[0].end() if len(matches) == 1 else -1
        end = part.find(b'"', begin)
        if begin > 0 and end > begin and _plain(part[begin:end]) == event.text:
            self._before, self._after = part[:begin], part[end:]


# Within a JSON string the quotes would be escaped: a match is a key with a text as its value.
_CONTENT = re.compile(rb'"content": ?"')


def _plain(raw: bytes) -> str | None:
    """The text of a JSON string's inside that needs no unescaping and cannot end it; None for any other."""
    if b'"' in raw or b"\\" in raw:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _read(raw: SpoolRecord, api: Api) -> _Answer:
    """Replay the reads."""
    payload = raw.payload
    if payload is None:
        return _Answer(None, (), None, None)
    parser, decoder = ResponseParser(), _Stream(api)
    events: list[Event] = []
    others: list[bytes] = []
    streamed: bool | None = None
    begin = 0
    try:
        for at_ns, length in zip(raw.times, raw.lengths, strict=True):
            body = parser.feed(payload[begin : begin + length])
            begin += length
            if streamed is None and parser.head is not None:
                streamed = _is_stream(parser.head, api)
            if streamed:
                for part in body:
                    decoder.feed(part, at_ns, events)
            else:
                others += body
    except FramingError as error:
        events.append(Failed("malformed", str(error), raw.t_end))
        return _answer(parser.head, events)
    if streamed:
        # Only a body that ended as HTTP says may be called truncated; a cut one has its own cause.
        if (parser.eof() if raw.eof_ended else parser.done) and raw.error is None and not raw.cut:
            decoder.end(raw.t_end, events)
    elif parser.head is not None and not raw.cut:
        events.append(_not_a_stream(parser.head, api, b"".join(others), raw.t_end))
    return _answer(parser.head, events)


def _answer(head: Head | None, events: list[Event]) -> _Answer:
    deltas = tuple([event for event in events if isinstance(event, Delta)])
    last = next((event for event in events if isinstance(event, Finished | Failed)), None)
    return _Answer(
        head,
        deltas,
        last if isinstance(last, Finished) else None,
        last if isinstance(last, Failed) else None,
    )


def _verdict(raw: SpoolRecord, answer: _Answer) -> tuple[str | None, str | None, float | None]:
    """``(error, message, retry_after_s)`` of the request."""
    failed = answer.failed
    if failed is not None:
        return failed.kind, failed.message, failed.retry_after_s
    if raw.error is None:
        return None, None, None
    kind = raw.error
    if kind == "idle_timeout" and raw.payload is not None and not answer.deltas:
        kind = "first_token_timeout"
    return kind, raw.message or None, None


def _is_stream(head: Head, api: Api) -> bool:
    coding = head.get("content-encoding")
    return (
        200 <= head.status < 300
        and (coding is None or coding.lower() == "identity")
        and accepts_content_type(api, head.get("content-type"), stream=True)
    )


def _not_a_stream(head: Head, api: Api, body: bytes, at_ns: int) -> Failed:
    """Why an answer was no stream: an HTTP error, an error with status 200, or something else entirely."""
    if not 200 <= head.status < 300:
        return decode_error(api, head.status, dict(head.headers), body)
    for event in decode_body(api, body, at_ns):
        if isinstance(event, Failed) and event.kind == "stream_error":
            return event
    what = head.get("content-encoding") or head.get("content-type") or "nothing"
    return Failed("malformed", f"a stream was asked for, the answer is {what[:80]}", at_ns, head.status)
