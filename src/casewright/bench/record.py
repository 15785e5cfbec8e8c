"""One request as it was measured, and the JSONL in which records are kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request: times in nanoseconds of the system-wide monotonic clock, None where nothing happened.

    ``index`` is the request's place in the global schedule, ``session`` counts resumptions of a run.
    ``error`` is None or a kind of the error tree; ``cut`` marks a request in flight when the window ended
    (neither completed nor failed). ``t_first_token`` and ``t_last_token`` are the times of the first and
    last non-empty content, reasoning or tool delta. Token counts are the server's. ``first_chunk_tokens``
    is the number of tokens in the first delta: 1 when deltas and tokens are as many, else estimated from
    its share of the text. ``chunk_gaps_ns`` are the gaps between consecutive deltas.
    """

    index: int
    session: int
    process: int
    warmup: bool
    cut: bool
    t_sched: int
    t_send: int
    t_connected: int | None
    t_first_byte: int | None
    t_first_token: int | None
    t_last_token: int | None
    t_end: int
    status: int | None
    error: str | None
    error_message: str | None
    retry_after_s: float | None
    reconnects: int
    prompt_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    chunks: int
    first_chunk_tokens: int | None
    chunk_gaps_ns: tuple[int, ...]
    finish_reason: str | None
    text: str
