"""Generated requests from a server's own OpenAPI document; shared by the servers that have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
Prepare = Callable[["schemathesis.Case[Any]"], None]


def as_they_come(_case: schemathesis.Case[Any]) -> None:
    """Send a case as it was generated."""


def fuzz(url: str, mode: schemathesis.GenerationMode, prepare: Prepare = as_they_come) -> int:
    """Send 25 requests of one mode to every operation; how many operations there were."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if mode is schemathesis.GenerationMode.NEGATIVE and (operation.method == "get" or not operation.body):
            continue  # nothing in it that could be wrong but a path, and any path may be asked for
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
            prepare(case)
            case.call_and_validate(checks=CHECKS)

        check()
    return seen
