"""Generated requests from the faces' own OpenAPI document, over a scripted engine."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contract.scripted_upstream import ABOUT, Face

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES)
def test_no_request_breaks_the_contract(face: Face, mode: schemathesis.GenerationMode) -> None:
    """Good and bad requests of every operation; the model's name is set right so that they get further."""
    schema = schemathesis.openapi.from_url(f"{face.url}/openapi.json")
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if mode is schemathesis.GenerationMode.NEGATIVE and operation.method == "get":
            continue
        seen += 1

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        def check(case: schemathesis.Case[Any]) -> None:
            if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
                case.body["model"] = ABOUT.model
            case.call_and_validate(checks=CHECKS)

        check()
    assert seen >= 8
