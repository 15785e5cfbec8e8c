"""Generated requests from each service's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis

from contract.fuzz import MODES, fuzz
from contract.services import NAMES, Found, ask, service


@pytest.fixture(scope="module", params=NAMES)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    with service(request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.mark.parametrize("mode", MODES)
def test_no_request_breaks_the_contract(found: Found, mode: schemathesis.GenerationMode) -> None:
    positive = mode is schemathesis.GenerationMode.POSITIVE
    assert fuzz(found.url, mode) >= (4 if positive else 1)
    assert ask(found.url + "/live")[0] == 200
