"""What the simulator is asked to be, and what it says really happened: the two schemas of its process."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from casewright.bench.faults import FaultPlan

ENGINE_NAME = "Casewright simulator"
MODEL = "casewright-simulator"
MAX_TOKENS = 131_072


class SimConfig(BaseModel):
    """A server of known latency. Times are intended times from the moment a request is completely read.

    ``ttft_ms``: to the first token; ``itl_ms``: between tokens. ``tokens``: tokens of every answer, None
    takes the request's own limit (``default_tokens`` when it has none). ``prompt_tokens``: reported prompt
    length, None counts the body's words. ``jitter``: ``lognormal`` multiplies each time by a factor of
    median 1 and log-standard deviation ``jitter_sigma``, seeded. ``slots``: requests in service at once
    (None: all), later ones wait in order of arrival. ``load_growth``: each further request in service adds
    this share of ``itl_ms`` to every token, to imitate a batch that slows down. ``bandwidth``: bytes per
    second at which one answer can be written. ``body_limit``: larger request bodies (bytes) get 413.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ttft_ms: float = Field(0.0, ge=0.0, le=3_600_000.0)
    itl_ms: float = Field(0.0, ge=0.0, le=3_600_000.0)
    tokens: int | None = Field(None, ge=1, le=MAX_TOKENS)
    default_tokens: int = Field(16, ge=1, le=MAX_TOKENS)
    prompt_tokens: int | None = Field(None, ge=0)
    jitter: Literal["none", "lognormal"] = "none"
    jitter_sigma: float = Field(0.25, gt=0.0, le=3.0)
    seed: int = 0
    slots: int | None = Field(None, ge=1)
    load_growth: float = Field(0.0, ge=0.0)
    bandwidth: float | None = Field(None, gt=0.0)
    body_limit: int = Field(16 * 1024 * 1024, ge=1024)
    model: str = MODEL
    fault: FaultPlan | None = None

    @property
    def immediate(self) -> bool:
        """Whether nothing delays an answer, so that it can be written whole."""
        return self.ttft_ms == 0 and self.itl_ms == 0 and self.bandwidth is None


class Quantiles(BaseModel):
    """Nearest-rank quantiles of a sample; None where it is empty. ``n`` counts all, kept or not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    max: float | None = None


class Truth(BaseModel):
    """What the simulator did since the last reset.

    ``ttft_ms`` and ``duration_ms``: from the request's last byte read to the first and last token handed
    to the socket. ``lateness_ms``: actual minus intended time of every write. ``loop_lag_ms``: lateness of
    a 10 ms heartbeat, which bounds how long requests lay unread. ``cpu_share`` is CPU over wall time.
    ``cancelled`` requests lost their client, ``faulted`` were hit by the fault (by its name).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    requests: int
    completed: int
    cancelled: int
    rejected: int
    in_service: int
    queued: int
    max_in_service: int
    tokens: int
    bytes_written: int
    connections: int
    faulted: dict[str, int]
    ttft_ms: Quantiles
    duration_ms: Quantiles
    lateness_ms: Quantiles
    loop_lag_ms: Quantiles
    cpu_s: float
    wall_s: float
    cpu_share: float
    max_rss_mb: float
    config: SimConfig
