"""What every service's contract shares: the base of its models, the error shape, the health answer.

Documented for users in docs/services.md. Requests refuse unknown keys, so that a misspelt field is an error
and not a silence.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from casewright.values import EngineKind, Usage

Strategy = Literal["extractive", "plain", "structured"]
AnsweredBy = Literal["code", "model"]
HealthStatus = Literal["healthy", "degraded", "unhealthy"]
ProviderSource = Literal["file", "environment", "default"]


class Contract(BaseModel):
    """Base of what travels over HTTP: frozen, unknown keys refused, no NaN or infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False, str_max_length=2_000_000
    )


class ErrorDetail(Contract):
    """What happened (``type`` is a kind of the error tree), what to do next, and the request to quote."""

    type: str
    message: str
    hint: str
    request_id: str


class ErrorAnswer(Contract):
    """Every error of every service, whatever its status."""

    error: ErrorDetail


class EngineRow(Contract):
    """One engine as the router sees it from this process.

    ``breaker`` is ``closed``, ``open`` or ``half_open``; ``inside`` and ``waiting`` count requests;
    ``last_fallback`` says when requests last went on to another engine from it, and why.
    """

    name: str
    url: str
    breaker: str
    inside: int
    waiting: int
    last_error: str | None = None
    opened_for_s: float | None = None
    last_fallback: str | None = None


class EngineInCharge(Contract):
    """The engine that a service's words come from, or would come from.

    ``provider`` is the one that answers (``ollama``, ``vllm``, ``embedded``), ``requested`` what was asked
    for (one of them, or ``auto``), ``source`` what asked, ``engine`` what stands there under its true name.
    ``llm_available`` is False with a ``reason`` while no one-token request succeeds; with a ``reason`` while
    one does, another engine answers than was asked for. ``strategies`` are what the
    model's qualification allows for each use. ``slow``: it lives and owes a token, full of other requests.
    """

    provider: EngineKind
    source: ProviderSource
    llm_available: bool
    engine: str | None = None
    model: str | None = None
    url: str | None = None
    strategies: dict[str, Strategy] = Field(default_factory=dict)
    reason: str | None = None
    checked_s_ago: float | None = None
    slow: bool = False
    requested: str = ""
    engines: tuple[EngineRow, ...] = ()


class Health(Contract):
    """The answer of ``GET /health``: 200 while the service serves, 503 when its own store is lost.

    ``reasons`` say what is missing, in words; ``checks`` are the service's own (True: fine); ``limits`` are
    the bounds it holds requests to; ``figures`` how much there is to do just now. ``isolation`` is what
    really holds the processes that read strangers' files.
    """

    status: HealthStatus
    service: str
    version: str
    uptime_s: float
    llm_available: bool | None = None
    provider: EngineKind | None = None
    model: str | None = None
    engine: EngineInCharge | None = None
    vision_analysis_available: bool | None = None
    checks: dict[str, bool] = Field(default_factory=dict)
    limits: dict[str, int] = Field(default_factory=dict)
    figures: dict[str, int] = Field(default_factory=dict)
    isolation: dict[str, int | bool | str | None] | None = None
    reasons: tuple[str, ...] = ()


class Timings(Contract):
    """Milliseconds a request took in all, and in its parts by name (only parts that took place)."""

    total_ms: float
    parts: dict[str, float] = Field(default_factory=dict)


class AttemptMade(Contract):
    """One engine that was asked for these words: ``outcome`` is ``ok`` or the kind of its error."""

    provider: str
    outcome: str
    message: str = ""
    ms: float


class Answered(Contract):
    """What every answer says of its origin.

    ``provider`` and ``model`` name the engine in charge; None where none is reachable or needed.
    ``answered_by`` says who wrote the words: ``code`` where the strategy is extractive or the model's words
    did not hold. ``usage`` is None where no token was generated. ``attempts`` are the engines that were
    asked, in order, with what became of it; ``fallback``: another than the first one answered.
    """

    provider: EngineKind | None = None
    model: str | None = None
    answered_by: AnsweredBy = "code"
    strategy: Strategy = "extractive"
    usage: Usage | None = None
    attempts: tuple[AttemptMade, ...] = ()
    fallback: bool = False
    timings: Timings
    warnings: tuple[str, ...] = ()
    request_id: str


JsonObject = dict[str, Any]
