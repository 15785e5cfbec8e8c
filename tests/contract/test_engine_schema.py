"""Generated requests from the faces' own OpenAPI document, over a scripted engine."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from contract.fuzz import MODES, fuzz
from contract.scripted_upstream import ABOUT, Face


@pytest.mark.parametrize("mode", MODES)
def test_no_request_breaks_the_contract(face: Face, mode: schemathesis.GenerationMode) -> None:
    """Good and bad requests of every operation; the model's name is set right so that they get further."""

    def name_the_model(case: schemathesis.Case[Any]) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
            case.body["model"] = ABOUT.model

    assert fuzz(face.url, mode, name_the_model) >= 8
