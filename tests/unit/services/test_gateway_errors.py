from __future__ import annotations

import json

import pytest

from casewright.errors import (
    AllEnginesFailed,
    BadRequest,
    CasewrightError,
    CircuitOpen,
    ConnectionRefused,
    ContextOverflow,
    EngineError,
    Forbidden,
    IdleTimeout,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerFailure,
    StorageError,
    Truncated,
    Unauthenticated,
    Unauthorized,
    UsageError,
    every_error,
)
from casewright.services.gateway_errors import refusal_of, refusal_response


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (ContextOverflow("m", hint=""), 400, "invalid_request_error", "context_length_exceeded"),
        (ModelNotFound("m", hint=""), 404, "invalid_request_error", "model_not_found"),
        (BadRequest("m", hint=""), 400, "invalid_request_error", "engine_refused"),
        (UsageError("m", hint=""), 400, "invalid_request_error", "invalid_value"),
        (RateLimited("m", hint=""), 429, "rate_limit_error", "rate_limited"),
        (Overloaded("m", hint=""), 503, "overloaded_error", "overloaded"),
        (AllEnginesFailed("m", hint="", status=404), 404, "invalid_request_error", "model_not_found"),
        (AllEnginesFailed("m", hint="", status=502), 502, "server_error", "all_engines_failed"),
        (
            AllEnginesFailed("m", hint="", status=503, retry_after_s=2),
            503,
            "overloaded_error",
            "all_engines_failed",
        ),
        (IdleTimeout("m", hint=""), 504, "server_error", "idle_timeout"),
        (Truncated("m", hint=""), 502, "server_error", "truncated"),
        # an engine's key is ours, not the client's
        (Unauthorized("m", hint=""), 502, "server_error", "unauthorized"),
        (Unauthenticated("m", hint=""), 401, "authentication_error", "invalid_api_key"),
        (Forbidden("m", hint=""), 403, "permission_error", "forbidden"),
        (StorageError("m", hint=""), 503, "server_error", "storage"),
    ],
)
def test_each_error_is_what_openais_clients_know(
    error: CasewrightError, status: int, kind: str, code: str
) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.kind, refusal.code) == (status, kind, code)


def test_every_error_there_is_has_a_status() -> None:
    for cls in every_error().values():
        assert 400 <= refusal_of(cls("m", hint="h")).status < 600


def test_when_to_come_again_is_rounded_up_and_said_only_where_it_is_known() -> None:
    def after(error: CasewrightError) -> str | None:
        return refusal_response(refusal_of(error)).headers.get("retry-after")

    assert after(Overloaded("m", hint="", retry_after_s=1.2)) == "2"
    assert after(Overloaded("m", hint="", retry_after_s=0.0)) == "1"
    assert after(Overloaded("m", hint="")) is None
    assert after(AllEnginesFailed("m", hint="", status=503, retry_after_s=7.0)) == "7"
    assert after(AllEnginesFailed("m", hint="", status=502)) is None


def test_no_model_is_404_where_every_engine_said_so() -> None:
    def told(*causes: EngineError) -> tuple[int, str | None]:
        refusal = refusal_of(AllEnginesFailed("m", hint="", status=502, causes=causes))
        return refusal.status, refusal.code

    none, away = ModelNotFound("none", hint=""), ConnectionRefused("away", hint="")
    resting = CircuitOpen("resting", hint="", retry_after_s=3.0)
    assert told(none, none) == (404, "model_not_found")
    for other in (
        away,  # it may be the one that has it
        resting,
        Overloaded("busy", hint=""),
        ServerFailure("broken", hint=""),
        IdleTimeout("slow", hint=""),
    ):
        assert told(none, other) == (502, "all_engines_failed"), other
    assert told(away, resting) == (502, "all_engines_failed")


def test_the_body_has_the_shape_and_any_text() -> None:
    response = refusal_response(refusal_of(UsageError('a "b" \ud800', hint="c")), {"provider": None})
    body = json.loads(bytes(response.body))
    assert set(body["error"]) == {"message", "type", "param", "code", "request_id"}
    assert body["error"]["message"] == 'a "b" \ud800 (c)'
    assert body["casewright"] == {"provider": None}
