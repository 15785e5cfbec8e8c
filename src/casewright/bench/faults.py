"""The ways the simulator can go wrong on request, each as a real server has been seen to.

A :class:`FaultPlan` says which fault, for what share of the requests (seeded, so the same plan hits the
same requests), and how strongly. ``sim_answer`` turns a plan and a good answer into the bad answer.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Fault(StrEnum):
    """What goes wrong; docs/simulator.md says how each one looks from the client."""

    REFUSE = "refuse"
    HTTP_401 = "http_401"
    HTTP_404 = "http_404"
    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    STALL_BEFORE_FIRST = "stall_before_first"
    STALL_AFTER_FIRST = "stall_after_first"
    CUT = "cut"
    RESET = "reset"
    TRICKLE = "trickle"
    GARBAGE = "garbage"
    BAD_FRAMING = "bad_framing"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    HUGE_LINE = "huge_line"
    STREAM_ERROR = "stream_error"
    NO_USAGE = "no_usage"
    ROLE_ONLY_FIRST = "role_only_first"
    KEEPALIVE_DROP = "keepalive_drop"
    TRUNCATED_PROMPT = "truncated_prompt"
    SLOW_HEADERS = "slow_headers"


HTTP_STATUS: dict[Fault, int] = {
    Fault.HTTP_401: 401,
    Fault.HTTP_404: 404,
    Fault.HTTP_429: 429,
    Fault.HTTP_500: 500,
    Fault.HTTP_503: 503,
}


class FaultPlan(BaseModel):
    """One fault and its strength; fields that a fault does not use are ignored by it.

    ``rate`` is the share of requests hit (of connections for ``keepalive_drop``; ``refuse`` hits all).
    ``after_tokens``: good tokens before the fault (cut, reset, stall_after_first, garbage, bad_framing,
    huge_line, stream_error). ``after_requests``: answers on a connection before ``keepalive_drop`` closes
    it: at once when idle, or with ``on_reuse`` when the next request's bytes arrive, before any answer.
    ``stall_ms``: None stalls for ever, else the answer goes on afterwards. ``delay_ms``: between the bytes
    of ``trickle``, or the whole time ``slow_headers`` takes. ``retry_after_s`` goes with 429 and 503.
    ``size_bytes`` is the length of ``huge_line``. ``prompt_share`` is the share of the prompt that
    ``truncated_prompt`` reports as read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    rate: float = Field(1.0, ge=0.0, le=1.0)
    seed: int = 0
    after_tokens: int = Field(1, ge=1)
    after_requests: int = Field(1, ge=1)
    on_reuse: bool = False
    stall_ms: float | None = Field(None, gt=0.0)
    delay_ms: float = Field(1.0, ge=0.0, le=60_000.0)
    retry_after_s: float = Field(1.0, ge=0.0)
    size_bytes: int = Field(8 * 1024 * 1024, ge=1, le=256 * 1024 * 1024)
    prompt_share: float = Field(0.5, ge=0.0, lt=1.0)
