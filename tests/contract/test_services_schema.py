"""Generated requests from each service's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
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

from contract.services import NAMES, Found, ask, service

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.fixture(scope="module", params=NAMES)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.mark.parametrize("mode", MODES)
def test_no_request_breaks_the_contract(found: Found, mode: schemathesis.GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{found.url}/openapi.json")
    seen = 0
    for wrapped in schema.get_all_operations():
        operation = wrapped.ok()  # type: ignore[union-attr]
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
            case.call_and_validate(checks=CHECKS)

        check()
    assert seen >= (4 if mode is schemathesis.GenerationMode.POSITIVE else 1)
    assert ask(found.url + "/live")[0] == 200
