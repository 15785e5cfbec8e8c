"""Generated requests from the gateway's own OpenAPI document, over a scripted engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis

from contract.fuzz import MODES, fuzz
from contract.gateway_served import MODEL, gateway


@pytest.mark.parametrize("mode", MODES)
def test_no_request_breaks_the_contract(tmp_path: Path, mode: schemathesis.GenerationMode) -> None:
    """Good and bad requests of every operation; the model's name is set right so that they get further."""

    def name_the_model(case: schemathesis.Case[Any]) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
            case.body["model"] = MODEL

    with gateway(tmp_path) as served:
        assert fuzz(served.url, mode, name_the_model) >= 3
        if mode is schemathesis.GenerationMode.POSITIVE:
            assert len(served.engines[0].requests) > 5, "hardly a request was good enough for an answer"
