"""One JSON object a line, whatever is in it."""

from __future__ import annotations

import json
import logging

from casewright.observability.context import begin
from casewright.observability.logs import JsonLines


def line(message: str, **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "n", "levelname": "INFO", "msg": message, **extra})
    text = JsonLines("rag").format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_says_when_who_and_for_which_request() -> None:
    begin("chain-0001")
    found = line("hello", status=200)
    assert found["message"] == "hello"
    assert found["service"] == "rag"
    assert found["status"] == 200
    assert found["request_id"] == "chain-0001"
    assert str(found["at"]).endswith("+00:00")


def test_nobody_forges_a_line() -> None:
    found = line('x\n{"level": "error", "message": "forged"}')
    assert found["level"] == "info"
    assert "forged" in str(found["message"])


def test_an_error_brings_its_trace() -> None:
    try:
        raise ValueError("deep")
    except ValueError as error:
        found = line("failed", exc_info=(type(error), error, error.__traceback__))
    assert "ValueError: deep" in str(found["trace"])
