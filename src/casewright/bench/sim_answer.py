"""Turns a good answer into the bad one a :class:`~casewright.bench.faults.FaultPlan` asks for; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from casewright.bench.faults import HTTP_STATUS, Fault, FaultPlan
from casewright.bench.sim_config import SimConfig
from casewright.bench.sim_frames import (
    LAST_CHUNK,
    Answer,
    End,
    Frames,
    Parts,
    Wanted,
    assemble,
    encode,
    error_body,
    event,
    response,
)
from casewright.engines.wire import Api

_HEADER_PIECES = 10
_MESSAGES = {
    401: "Unauthorized",
    404: "The model does not exist.",
    429: "Too many requests; try again later.",
    500: "The simulator was told to fail.",
    503: "The server is overloaded; try again later.",
}
_PAGE = b"<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>"


@dataclass(frozen=True, slots=True)
class _Case:
    """What a fault works on; times in nanoseconds."""

    plan: FaultPlan
    wanted: Wanted
    parts: Parts
    frames: Frames
    ttft_ns: int
    itl_ns: int


def spoil(plan: FaultPlan, wanted: Wanted, frames: Frames, config: SimConfig) -> Answer:
    """The answer a request gets when ``plan`` hits it; a fault without meaning for it leaves it good."""
    status = HTTP_STATUS.get(plan.fault)
    if status is not None:
        return http_error(wanted.api, status, plan.retry_after_s)
    if plan.fault is Fault.TRUNCATED_PROMPT:
        wanted = replace(wanted, prompt_tokens=int(wanted.prompt_tokens * plan.prompt_share))
    parts = frames.parts(wanted, usage=plan.fault is not Fault.NO_USAGE)
    ttft_ns, itl_ns = int(config.ttft_ms * 1e6), int(config.itl_ms * 1e6)
    case = _Case(plan, wanted, parts, frames, ttft_ns, itl_ns)
    if parts.whole:
        # Nothing of an unstreamed answer leaves before its last token exists.
        case = replace(case, ttft_ns=ttft_ns + itl_ns * (wanted.tokens - 1))
    make = _MAKERS.get(plan.fault)
    answer = assemble(parts) if make is None else make(case)
    answer.tokens = wanted.tokens if parts.whole else answer.tokens
    return answer


def http_error(api: Api, status: int, retry_after_s: float) -> Answer:
    """An error status in the API's own shape, with Retry-After where it belongs."""
    extra = b"retry-after: %g\r\n" % retry_after_s if status in (429, 503) else b""
    body = error_body(api, status, _MESSAGES[status])
    return Answer([response(status, body, extra=extra)], None, None, tokens=0, gaps_ns=[0])


def _gaps(case: _Case, frames: int) -> list[int]:
    return [case.ttft_ns, *([case.itl_ns] * (frames - 1))][:frames]


def _until(case: _Case, end: End, extra: bytes = b"") -> Answer:
    """The first tokens, then ``extra``, then ``end``; of an unstreamed answer, half its body."""
    parts, count = case.parts, case.plan.after_tokens
    if parts.whole:
        body = parts.tokens[0]
        return Answer([parts.head + body[: len(body) // 2]], None, None, 0, end, [case.ttft_ns])
    frames = list(parts.tokens[:count])
    frames[0] = parts.head + frames[0]
    tokens = len(frames)
    if extra:
        frames.append(extra)
    return Answer(frames, 0, tokens - 1, tokens, end, _gaps(case, len(frames)))


def _insert(case: _Case, extra: bytes) -> Answer:
    """The good answer with ``extra`` after the first tokens."""
    good = assemble(case.parts)
    place = min(case.plan.after_tokens, len(good.frames) - 1)
    if place == 0:
        good.frames[0] = case.parts.head + extra + good.frames[0][len(case.parts.head) :]
    else:
        good.frames.insert(place, extra)
        good.last = len(good.frames) - 1
    good.gaps_ns = _gaps(case, len(good.frames))
    return good


def _stall_before_first(case: _Case) -> Answer:
    if case.plan.stall_ms is None:
        return Answer([], None, None, 0, End.STALL, [])
    answer = assemble(case.parts)
    answer.gaps_ns = _gaps(case, len(answer.frames))
    answer.gaps_ns[0] += int(case.plan.stall_ms * 1e6)
    return answer


def _stall_after_first(case: _Case) -> Answer:
    if case.plan.stall_ms is None:
        return _until(case, End.STALL)
    answer = assemble(case.parts)
    answer.gaps_ns = _gaps(case, len(answer.frames))
    if case.plan.after_tokens < len(answer.frames):
        answer.gaps_ns[case.plan.after_tokens] += int(case.plan.stall_ms * 1e6)
    return answer


def _trickle(case: _Case) -> Answer:
    good = assemble(case.parts)
    blob = b"".join(good.frames)
    first = len(good.frames[0]) - 1
    gaps = [case.ttft_ns, *([int(case.plan.delay_ms * 1e6)] * (len(blob) - 1))]
    frames = [blob[i : i + 1] for i in range(len(blob))]
    return Answer(frames, first, len(blob) - 1, good.tokens, End.KEEP, gaps)


def _garbage(case: _Case) -> Answer:
    if case.parts.whole:
        broken = case.parts.tokens[0][: len(case.parts.tokens[0]) // 2]
        return Answer([response(200, broken)], None, None, 0, End.KEEP, [case.ttft_ns])
    return _insert(case, event(case.wanted.api, b'{"choices":[{"delta":{"content":"\\u00'))


def _bad_framing(case: _Case) -> Answer:
    if case.parts.whole:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: many\r\n\r\n"
        return Answer([head + case.parts.tokens[0]], None, None, 0, End.CLOSE, [case.ttft_ns])
    return _until(case, End.CLOSE, extra=b"ZZ\r\nnot a chunk\r\n")


def _wrong_content_type(case: _Case) -> Answer:
    page = response(200, _PAGE, kind=b"text/html; charset=utf-8")
    return Answer([page], None, None, 0, End.KEEP, [case.ttft_ns])


def _huge_line(case: _Case) -> Answer:
    text = "x" * case.plan.size_bytes
    if not case.parts.whole:
        return _insert(case, case.frames.text_event(case.wanted.api, text))
    message = {"message": {"role": "assistant", "content": text}}
    body = message | {"done": True} if case.wanted.api is Api.OLLAMA else {"choices": [message]}
    return Answer([response(200, encode(body))], 0, 0, 1, End.KEEP, [case.ttft_ns])


def _stream_error(case: _Case) -> Answer:
    api = case.wanted.api
    if case.parts.whole:
        return http_error(api, 500, 0.0)
    frames = event(api, error_body(api, 500, _MESSAGES[500]))
    if api is Api.OPENAI:
        frames += event(api, b"[DONE]")
    return _until(case, End.KEEP, extra=frames + LAST_CHUNK)


def _role_only_first(case: _Case) -> Answer:
    good = assemble(case.parts)
    if case.parts.whole:
        return good
    head = case.parts.head
    good.frames[0] = good.frames[0][len(head) :]
    good.frames.insert(0, head + case.parts.role_only)
    good.first, good.last = 1, len(good.frames) - 1
    good.gaps_ns = [0, *_gaps(case, len(good.frames) - 1)]
    return good


def _slow_headers(case: _Case) -> Answer:
    good = assemble(case.parts)
    head = case.parts.head
    size = -(-len(head) // _HEADER_PIECES)
    pieces = [head[i : i + size] for i in range(0, len(head), size)]
    wait = int(case.plan.delay_ms * 1e6 / len(pieces))
    good.frames = [*pieces, good.frames[0][len(head) :], *good.frames[1:]]
    good.first, good.last = len(pieces), len(good.frames) - 1
    good.gaps_ns = [*([wait] * len(pieces)), *_gaps(case, len(good.frames) - len(pieces))]
    return good


_MAKERS: dict[Fault, Callable[[_Case], Answer]] = {
    Fault.STALL_BEFORE_FIRST: _stall_before_first,
    Fault.STALL_AFTER_FIRST: _stall_after_first,
    Fault.CUT: lambda case: _until(case, End.CLOSE),
    Fault.RESET: lambda case: _until(case, End.RESET),
    Fault.TRICKLE: _trickle,
    Fault.GARBAGE: _garbage,
    Fault.BAD_FRAMING: _bad_framing,
    Fault.WRONG_CONTENT_TYPE: _wrong_content_type,
    Fault.HUGE_LINE: _huge_line,
    Fault.STREAM_ERROR: _stream_error,
    Fault.ROLE_ONLY_FIRST: _role_only_first,
    Fault.SLOW_HEADERS: _slow_headers,
}
