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


class EngineInCharge(Contract):
    """The engine that a service's words come from, or would come from.

    ``provider`` is the one chosen (``ollama``, ``vllm``, ``embedded``), ``engine`` what really answers there
    under its true name, ``source`` what chose it. ``llm_available`` is False with a ``reason`` while no
    one-token request succeeds. ``strategy`` per use is what the model's qualification allows.
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


class Health(Contract):
    """The answer of ``GET /health``: 200 while the service serves, 503 when its own store is lost.

    ``reasons`` say what is missing, in words; ``checks`` are the service's own (True: fine); ``limits`` are
    the bounds it holds requests to.
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
    reasons: tuple[str, ...] = ()


class Timings(Contract):
    """Milliseconds a request took in all, and in its parts by name (only parts that took place)."""

    total_ms: float
    parts: dict[str, float] = Field(default_factory=dict)


class Answered(Contract):
    """What every answer says of its origin.

    ``provider`` and ``model`` name the engine in charge; None where none is reachable or needed.
    ``answered_by`` says who wrote the words: ``code`` where the strategy is extractive or the model's words
    did not hold. ``usage`` is None where no token was generated.
    """

    provider: EngineKind | None = None
    model: str | None = None
    answered_by: AnsweredBy = "code"
    strategy: Strategy = "extractive"
    usage: Usage | None = None
    timings: Timings
    warnings: tuple[str, ...] = ()
    request_id: str


JsonObject = dict[str, Any]
